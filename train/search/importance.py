"""Importance of each choice of a search, family by family."""

import warnings

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances


FEWEST = 6  # trials of a family that tell anything


def importance(trials):
    """Return how much each choice mattered for the accuracy of each family.

    Parameters
    ----------
    trials : list of optuna.trial.FrozenTrial
        Trials that ended with values.

    Returns
    -------
    dict of str to dict of str to float
        Share of each choice by its name, the largest first, by family; families of few trials are
        left out.
    """
    found = {}
    for family in sorted({trial.params.get("family", "") for trial in trials} - {""}):
        own = [trial for trial in trials if trial.params.get("family") == family
               and trial.values[0] > 0]
        varied = _varied(own)
        if len(own) < FEWEST or not varied:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            warnings.simplefilter("ignore", UserWarning)
            shares = get_param_importances(
                _study(own, varied), evaluator=PedAnovaImportanceEvaluator(), params=varied)
        found[family] = {name.partition(".")[2]: float(share) for name, share
                         in sorted(shares.items(), key=lambda item: -item[1])}
    return found


def _varied(trials):
    """Return the choices that all trials have and that differ."""
    names = set.intersection(*(set(trial.params) for trial in trials)) if trials else set()
    return sorted(name for name in names if len({trial.params[name] for trial in trials}) > 1)


def _study(trials, names):
    """Return a study in memory of these choices and of the accuracy alone."""
    study = optuna.create_study(direction="maximize")
    for trial in trials:
        study.add_trial(optuna.trial.create_trial(
            params={name: trial.params[name] for name in names},
            distributions={name: trial.distributions[name] for name in names},
            value=trial.values[0]))
    return study
