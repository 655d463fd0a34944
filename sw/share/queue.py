"""Queue of jobs that workers share: each job is done once, those of dead workers again."""

import time
import warnings
from contextlib import contextmanager

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from . import store


PAUSE = 1.0  # seconds between two looks at the work of others


class Interrupted(Exception):
    """The worker was told to stop; the job goes on another time."""


class Surplus(Exception):
    """The job is one more than wanted, or another worker has it."""


class Queue:
    """Jobs of a store, each with a key and a description that JSON can hold.

    Parameters
    ----------
    storage : store.Store
        Where the jobs are.
    facts : dict
        Facts that all workers must agree on.
    part : str
        Part of the store's work: a queue of its own.
    """

    def __init__(self, storage, facts, part=""):
        self.storage = storage
        self.study = storage.study(facts, part=part, directions=("minimize",))

    def put(self, jobs):
        """Put jobs, a dict of descriptions by key, into the queue, except those that are there."""
        there = {trial.user_attrs.get("key") for trial in self._of(
            TrialState.WAITING, TrialState.RUNNING, *store.OVER)}
        for key, spec in jobs.items():
            if key not in there:
                self.study.enqueue_trial({}, user_attrs={"key": key, "spec": spec})

    def work(self, do, going=lambda: True):
        """Do jobs until none is left or at work elsewhere.

        Parameters
        ----------
        do : callable
            Takes a description and returns a result that JSON can hold. Raises
            :class:`Interrupted` if the worker must stop; the job is then put into the queue again.
        going : callable
            Whether the worker goes on, asked before each job.

        Returns
        -------
        bool
            Whether all jobs are done.
        """
        self.storage.take_up(self.study)
        while self._of(TrialState.WAITING, TrialState.RUNNING):
            if not going():
                return False
            if not self._of(TrialState.WAITING):
                wait(self.storage, self.study)
            elif not one(self.storage, self.study, lambda trial: self._do(trial, do)):
                return False
        return True

    def results(self):
        """Return the results of all jobs that are done, by key, in the order of the queue."""
        return {trial.user_attrs["key"]: trial.user_attrs["result"]
                for trial in store.ended(self.study) if "result" in trial.user_attrs}

    def specs(self):
        """Return the descriptions of all jobs by key."""
        return {trial.user_attrs["key"]: trial.user_attrs["spec"]
                for trial in self.study.get_trials(deepcopy=False) if "key" in trial.user_attrs}

    def _of(self, *states):
        return self.study.get_trials(deepcopy=False, states=states)

    def _do(self, trial, do):
        key = trial.user_attrs.get("key")
        if key is None or self._is_taken(trial.number, key):
            raise Surplus
        trial.set_user_attr("result", do(trial.user_attrs["spec"]))
        return 0.0

    def _is_taken(self, number, key):
        """Return whether an earlier trial of the same job ended or is at work."""
        return any(other.number < number and other.user_attrs.get("key") == key
                   for other in self._of(*store.OVER, TrialState.RUNNING))


def one(storage, study, objective, callbacks=()):
    """Run one trial of a study; return whether the worker goes on."""
    def marked(trial):
        trial.set_user_attr("worker", storage.worker)
        return objective(trial)

    try:
        study.optimize(marked, n_trials=1, callbacks=list(callbacks))
    except Interrupted:
        store.again(study, _mine(storage, study))
        return False
    except (Surplus, UpdateFinishedTrialError):  # others did it
        return True
    return True


def wait(storage, study):
    """Wait for the work of others a while, and take up what dead workers left."""
    time.sleep(PAUSE)
    if storage.shared:
        optuna.storages.fail_stale_trials(study)
    storage.take_up(study)


@contextmanager
def quiet():
    """Hide warnings of Optuna's experimental parts in a block."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _mine(storage, study):
    return max((trial for trial in study.get_trials(deepcopy=False)
                if trial.user_attrs.get("worker") == storage.worker),
               key=lambda trial: trial.number)
