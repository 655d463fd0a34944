"""Storage of shared work: trials in a journal or a database, files in a folder or elsewhere."""

import fcntl
import json
import os
import socket
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import fsspec
import optuna
from optuna.exceptions import (
    ExperimentalWarning,
    StorageInternalError,
    UpdateFinishedTrialError,
)
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError


FORMAT = "thresher-search/1"
JOURNAL = "trials.journal"
DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
GRACE = 3  # heartbeats that a worker may miss
OBJECTIVES = ("maximize", "minimize", "maximize")  # of a search: accuracy, area, rate
SKEW = 30  # seconds between clocks that are named
OVER = (TrialState.COMPLETE, TrialState.PRUNED)
KEPT = ("words", "key", "spec")  # attributes that a trial which is taken up again keeps

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Lock:
    """Lock of a journal that ends with its process; the interface is that of Optuna's locks."""

    def __init__(self, path):
        self.path = path
        self.descriptor = None

    def acquire(self):
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        return True

    def release(self):
        os.close(self.descriptor)


class Store:
    """Trials and files of work that workers share.

    Parameters
    ----------
    folder : Path
        Folder of the work on this machine.
    name : str
        Name of the work.
    url : str or None
        Database; None for a journal in ``folder``.
    artefacts : str or None
        Folder or address that fsspec knows, for the networks; None for ``folder``.
    heartbeat : int
        Seconds between two signs of life in a database.
    what : str
        Kind of the work, for messages.

    Attributes
    ----------
    shared : bool
        Whether workers on other machines may take part.
    """

    def __init__(self, folder, name, url=None, artefacts=None, heartbeat=60,
                 what="Search"):
        self.folder = Path(folder)
        self.what = what
        self.name = name
        self.url = url
        self.shared = url is not None
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.speaking():
            self.storage = self._database(heartbeat) if url else self._journal()
        self.address = (artefacts or str(self.folder / "networks")).rstrip("/")
        self.files, self.root = fsspec.url_to_fs(self.address)
        if artefacts:  # an address that cannot be written must not be found after hours of work
            self.files.makedirs(self.root, exist_ok=True)

    def _journal(self):
        path = self.folder / JOURNAL
        _mend(path, Lock(f"{path}.lock"))
        return JournalStorage(JournalFileBackend(str(path), Lock(f"{path}.lock")))

    def _database(self, heartbeat):
        url = make_url(self.url)
        url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            try:
                return RDBStorage(
                    url.render_as_string(hide_password=False),
                    engine_kwargs={"pool_pre_ping": True}, heartbeat_interval=heartbeat,
                    grace_period=GRACE * heartbeat, heartbeat_stale_trial_callback=again)
            except ImportError as error:  # of the database's driver
                raise ValueError(self._silent(error)) from None
            except RuntimeError as error:
                raise ValueError(f"Storage {self._said} must be of this version of Optuna: "
                                 f"{_reason(error)} (use the version that made it, or another "
                                 f"database)") from None

    @contextmanager
    def speaking(self):
        """Turn errors of a database into one line that says which one, without its password."""
        try:
            yield
        except UpdateFinishedTrialError:
            raise
        except (SQLAlchemyError, ArgumentError) as error:
            raise ValueError(self._silent(error)) from None
        except StorageInternalError as error:  # Optuna's, around the database's
            raise ValueError(self._silent(error.__cause__ or error)) from None
        except json.JSONDecodeError as error:
            raise ValueError(f"Storage {self._said} must be intact: {_reason(error)} (restore it, "
                             f"or give another folder with --output)") from None

    def _silent(self, error):
        return (f"Storage {self._said} must answer: {_reason(error)} (start it, free its disk, or "
                f"check the address; all that it has stays)")

    @property
    def _said(self):
        if self.url is None:
            return str(self.folder / JOURNAL)
        try:
            return make_url(self.url).render_as_string(hide_password=True)
        except ArgumentError:
            return repr(self.url)

    def study(self, facts, sampler=None, part="", directions=OBJECTIVES):
        """Return a study, which is made if need be; refuse one of other facts."""
        name = f"{self.name}{part}"
        with self.speaking():
            self._refuse_another()
            made = optuna.create_study(
                study_name=name, storage=self.storage, load_if_exists=True, sampler=sampler,
                directions=directions)
            wanted = {"format": FORMAT, **facts}
            there = made.user_attrs.get("facts")
            if there is None:
                made.set_user_attr("facts", json.dumps(wanted, sort_keys=True))
                return made
            there = json.loads(there)
        for key, value in json.loads(json.dumps(wanted)).items():
            if there.get(key) != value:
                raise ValueError(f"{self.what} {self.name!r} in {self._said} must have the {key} "
                                 f"that it began with, {there.get(key)}: {value} (give another "
                                 f"name with --name)")
        return made

    def _refuse_another(self):
        """Raise ValueError if a journal is that of work of another name."""
        there = () if self.shared else optuna.get_all_study_names(self.storage)
        for name in there:
            if name.partition("/")[0] != self.name:
                raise ValueError(f"{self.folder} must be a folder of {self.what.lower()} "
                                 f"{self.name!r}: it is of {name.partition('/')[0]!r} (give "
                                 f"another folder with --output, or that name with --name)")

    def notes(self):
        """Yield what users should know of the storage."""
        if self.url is None:
            return
        with self.speaking(), self.storage.engine.connect() as connection:
            begin = time.time()
            if self.storage.engine.dialect.name != "postgresql":
                return
            there = float(connection.execute(text(
                "select extract(epoch from clock_timestamp())")).scalar())
        skew = there - (begin + time.time()) / 2
        if abs(skew) > SKEW:
            yield (f"the clock of the database is {skew:+,.0f} s from this machine's: signs of "
                   f"life go by the database's, times in reports by each worker's")

    def take_up(self, study):
        """Take up the trials that dead workers of this machine left in a journal."""
        if self.shared:
            return
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            host, _, number = trial.user_attrs.get("worker", "").partition(":")
            if host == socket.gethostname() and not _alive(int(number or 0)):
                try:
                    study.tell(trial.number, state=TrialState.FAIL)
                except (ValueError, UpdateFinishedTrialError):  # another worker was faster
                    continue
                again(study, study.trials[trial.number])

    def put(self, path, name):
        """Copy a file to the shared place, whole or not at all; return its address."""
        target = f"{self.root}/{name}"
        self.files.makedirs(os.path.dirname(target), exist_ok=True)
        temporary = f"{target}.{self.worker.replace(':', '-')}.part"
        self.files.put_file(str(path), temporary)
        self.files.mv(temporary, target)
        return f"{self.address}/{name}"

    def get(self, name, path):
        """Copy a file from the shared place."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.files.get_file(f"{self.root}/{name}", str(path))


def _mend(path, lock):
    """Cut the end of a journal off whose line a killed worker left unfinished."""
    lock.acquire()
    try:
        if path.exists() and (octets := path.read_bytes()) and not octets.endswith(b"\n"):
            os.truncate(path, octets.rfind(b"\n") + 1)
    finally:
        lock.release()


def again(study, trial):
    """Put a trial that did not end into the queue once more, with its choices."""
    choices = trial.system_attrs.get("fixed_params") or trial.params
    kept = {name: trial.user_attrs[name] for name in KEPT if name in trial.user_attrs}
    study.enqueue_trial(choices, user_attrs={**kept, "again": trial.number})


def ended(study):
    """Return the trials that count: those that ended, each of several equal ones once."""
    seen, kept = set(), []
    for trial in study.get_trials(deepcopy=False, states=OVER):
        key = trial.user_attrs.get("key") or f"trial {trial.number}"
        if key not in seen:
            seen.add(key)
            kept.append(trial)
    return kept


def _alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return number > 0


def _reason(error):
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return " ".join(lines[0].split()) if lines else type(error).__name__
