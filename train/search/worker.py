"""Worker of a search: brief trainings, then full ones, within a budget of wall time."""

import signal
import time
import zlib
from contextlib import contextmanager

import optuna
from optuna.trial import TrialState

from sw.share import queue, store

from . import build, front, full
from .proxy import Proxy


PROXIES = 0.55  # part of the budget for brief trainings
FIRST = 0.85    # part of the budget until which networks of the front are trained with one seed
SEEDS = (1, 2, 3)
STARTUP = 10    # trials that are drawn at random


class Clock:
    """Wall time of a search on this machine, over all its runs.

    Parameters
    ----------
    study : optuna.Study
        Keeps when runs began and ended.
    worker : str
        Host and number of this process.
    budget : float
        Seconds.
    """

    def __init__(self, study, worker, budget):
        self.study = study
        self.budget = budget
        self.begun = time.time()
        self.key = f"session:{worker}:{self.begun:.0f}"
        self.host = worker.partition(":")[0]
        self.before = covered(self._sessions())

    def _sessions(self):
        return [tuple(value) for key, value in self.study.user_attrs.items()
                if key.startswith(f"session:{self.host}:")]

    def tick(self):
        """Note that this run lives."""
        self.study.set_user_attr(self.key, [self.begun, time.time()])

    def spent(self):
        return self.before + time.time() - self.begun

    def left(self, share=1.0):
        """Return the seconds until a share of the budget is spent."""
        return share * self.budget - self.spent()


def covered(sessions):
    """Return the seconds that sessions cover together; two at the same time count once."""
    total, end = 0.0, float("-inf")
    for first, last in sorted(sessions):
        total += max(0.0, last - max(first, end))
        end = max(end, last)
    return total


class Worker:
    """Does a search's work until its budget is spent.

    Parameters
    ----------
    storage : store.Store
        Trials and files.
    facts : dict
        Facts that the search's storage must agree with.
    job : Job
        What is searched for.
    """

    def __init__(self, storage, facts, job):
        self.store = storage
        self.job = job
        self.signals = []
        with queue.quiet():
            sampler = optuna.samplers.TPESampler(
                n_startup_trials=STARTUP, multivariate=True, group=True,
                constant_liar=storage.shared,
                constraints_func=lambda trial: (trial.user_attrs.get("over", 1.0),),
                seed=zlib.crc32(storage.worker.encode()) if storage.shared else None)
            self.study = storage.study(facts, sampler)
            self.fulls = queue.Queue(storage, facts, part="/full")
        self.builds = queue.Queue(storage, facts, part="/build")
        self.clock = Clock(self.study, storage.worker, job.budget)

    def run(self):
        """Search; return whether Ctrl-C ended the search."""
        with self._listening(), self.store.speaking(), queue.quiet():
            self.store.take_up(self.study)
            self._seed()
            self._proxies()
            if not self.signals:
                self._fulls()
            if not self.signals:
                self._builds()
        return bool(self.signals)

    def _seed(self):
        """Put the published networks into the queue, once."""
        there = {trial.user_attrs.get("seeded") for trial in self.study.get_trials(deepcopy=False)}
        for family in self.job.families:
            for name, choices in family.seeds(self.job.facts):
                if name not in there:
                    self.study.enqueue_trial(choices, user_attrs={"seeded": name})

    def _proxies(self):
        deadline = PROXIES
        proxy = Proxy(self.job.dataset, self.job.hardware, self.job.families, self.job.facts,
                      self.job.brief, lambda: bool(self.signals) or self.clock.left(deadline) < 0)

        def objective(trial):
            if _is_double(trial):
                raise queue.Surplus
            if self.job.trials is not None and _rank(trial) > self.job.trials:
                raise queue.Surplus
            return proxy(trial)

        while not self.signals and self.clock.left(deadline) > 0:
            ended, running = _counted(self.study)
            wanted = self.job.trials or ended + running + 1
            if ended >= wanted:
                break
            if ended + running >= wanted:
                queue.wait(self.store, self.study)
            elif not self._one(self.study, objective):
                break

    def _fulls(self):
        """Train networks of the front in full, those of one seed first."""
        train = full.Full(self.store, self.job.hardware, self.job.named,
                          lambda: bool(self.signals) or self.clock.left() < 0)

        def timed(spec):
            try:
                return train(spec)
            finally:
                self.clock.tick()

        usual = full.default_of(self.job)
        chosen = self._chosen(SEEDS[:1])
        if usual is not None and chosen:
            chosen.insert(1, usual)  # of one trained network the best by the search comes first
        self._train(chosen, timed, FIRST)
        # With more seeds another network may be the best, which then needs more seeds, too.
        while (chosen := self._chosen(SEEDS[1:])) and self._train(chosen, timed, 1.0):
            continue

    def _train(self, chosen, train, share):
        """Train in full until a share of the budget is spent; return whether any was new."""
        wanted = {full.key_of(spec): spec for spec in chosen}
        new = wanted.keys() - self.fulls.results().keys()
        self.fulls.put(wanted)
        done = self.fulls.work(train, lambda: not self.signals and self.clock.left(share) > 0)
        return done and bool(new)

    def _builds(self):
        """Place and route the networks that the user keeps, outside the budget."""
        kept = front.ordered(front.front(self.done()), self.job.goal)[:self.job.keep]
        self.builds.put({first["name"]: first for first in map(build.spec_of, kept)})
        self.builds.work(build.Build(self.store, self.job.hardware, self.signals),
                         lambda: not self.signals)

    def done(self):
        """Return the networks that were trained in full."""
        return full.entries(self.fulls, self.entries())

    def _chosen(self, seeds):
        """Return the full trainings that come next, as many as there is time for."""
        if seeds == SEEDS[:1]:
            picked = front.picked(front.front(self.entries()), self.job.goal, self.job.full)
            scale = self._scale(picked)
            return [full.spec_of(entry, seed, scale) for entry in picked for seed in seeds]
        best = front.ordered(front.front(self.done()), self.job.goal)[:1]
        given = self.fulls.specs()
        specs = [given[key] for key in self.fulls.results() for entry in best
                 if given[key]["trial"] == entry.trial]
        return [{**spec, "seed": seed} for spec in specs[:1] for seed in seeds]

    def _scale(self, picked):
        """Return the part of the usual epochs that the budget leaves for full trainings."""
        images = len(self.job.dataset.train_images) / self.job.brief.images
        needed = 0.0
        for entry in picked:
            passes = full.FAMILIES[entry.family].passes
            brief = sum(getattr(self.job.brief, name) for name in passes)
            needed += entry.seconds * images * sum(passes.values()) / brief
        room = max(0.0, self.clock.left(FIRST))
        return min(1.0, max(full.FEWEST, room / needed)) if needed else 1.0

    def _one(self, study, objective):
        """Run one trial; return whether the worker goes on."""
        try:
            return queue.one(self.store, study, objective, callbacks=[self._tell])
        finally:
            self.clock.tick()

    def entries(self):
        """Return the networks of brief trainings that ended."""
        return [front.entry_of(trial) for trial in store.ended(self.study)
                if trial.state == TrialState.COMPLETE]

    def _tell(self, study, trial):
        """Print a line on a trial and the front so far."""
        words = " ".join(trial.user_attrs.get("words", ()))
        best = front.front(self.entries())
        said = {TrialState.PRUNED: "given up"}.get(trial.state, trial.state.name.lower())
        if trial.state == TrialState.COMPLETE:
            accuracy, lut4, rate = trial.values
            fits = "" if trial.user_attrs.get("over", 1) <= 0 else ", does not fit"
            said = f"{accuracy:.2f} %, {lut4:,.0f} LUT4, {rate:,.0f} images/s{fits}"
        top = f", best {best[0].accuracy:.2f} %" if best else ""
        print(f"trial {trial.number}: {words}: {said}; front {len(best)}{top}; "
              f"{_clock(self.clock.left())} left", flush=True)

    @contextmanager
    def _listening(self):
        """Collect Ctrl-C and termination; a second one ends the process at once."""
        def note(number, frame):
            self.signals.append(number)
            signal.signal(number, signal.SIG_DFL)
            print("stopping; all trials are kept", flush=True)

        before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _counted(study):
    """Return how many trials ended, and how many are at work."""
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    return sum(map(states.count, store.OVER)), states.count(TrialState.RUNNING)


def _is_double(trial):
    """Return whether another worker has put the same published network into the queue before."""
    name = trial.user_attrs.get("seeded")
    return name is not None and any(
        other.number < trial.number and other.user_attrs.get("seeded") == name
        for other in trial.study.get_trials(deepcopy=False))


def _rank(trial):
    """Return the place of a trial among those that ended or are at work."""
    return sum(other.number <= trial.number and other.state in (*store.OVER, TrialState.RUNNING)
               for other in trial.study.get_trials(deepcopy=False))


def _clock(seconds):
    minutes, seconds = divmod(round(max(0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"

