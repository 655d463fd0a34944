"""Jobs of a command: one after the other, or shared with other workers through a database."""

from .options import check_packages


def done(jobs, do, args, *, name, facts, folder, what, going=lambda results: True):
    """Do jobs; return the results of all of them by key, those of other workers included.

    Parameters
    ----------
    jobs : dict
        Descriptions by key, which JSON can hold.
    do : callable
        Takes a description and returns a result that JSON can hold.
    args : argparse.Namespace
        Values of :func:`sw.share.options.add_options`.
    name : str
        Name of the work in the database.
    facts : dict
        Facts that all workers must agree on.
    folder : Path
        Folder of this worker.
    what : str
        Kind of the work, for messages.
    going : callable
        Takes the results so far; whether more jobs are wanted.
    """
    if args.storage is None:
        results = {}
        for key, spec in jobs.items():
            if not going(results):
                break
            results[key] = do(spec)
        return results
    check_packages("--storage")
    from .queue import Queue, quiet
    from .store import Store
    storage = Store(folder, name, args.storage, heartbeat=args.heartbeat, what=what)
    with storage.speaking(), quiet():
        queue = Queue(storage, facts)
        queue.put(jobs)

        def own():
            return {key: result for key, result in queue.results().items() if key in jobs}

        queue.work(do, lambda: going(own()))
        return own()
