"""Requests of the studio's page: projects, jobs, uploads, answers to what somebody draws."""

import asyncio
import json
import shutil
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocketDisconnect

from ..command import explain
from ..data.known import KNOWN
from ..line import ports
from ..store.files import read_json
from . import answer, estimator, step, upload
from .project import OWN
from .step import VIRTUAL


PAGE = Path(__file__).parent / "page"
TICK = 0.3  # s between two looks at the jobs


def application(studio):
    """Return the ASGI application of a studio, to be guarded by :class:`.guard.Guard`."""
    def project_of(request):
        return studio.projects.find(request.path_params["name"])

    def run_of(request, project):
        run = request.query_params.get("run") or project.run
        if run not in project.runs():
            raise KeyError(run)
        return run

    def model_of(request):
        project = project_of(request)
        return answer.model_of(project.network(run_of(request, project)))

    async def home(request):
        return JSONResponse({
            "datasets": sorted(KNOWN), "projects": [
                {"name": project.name, **project.choices} for project in studio.projects.all()]})

    async def create(request):
        given = await request.json()
        made = studio.projects.create(given["dataset"], given.get("board", "icebreaker"))
        if made.choices["dataset"] != OWN:
            studio.start(made, "data", "run1")
        return JSONResponse({"name": made.name})

    async def show(request):
        return JSONResponse(await run_in_threadpool(studio.snapshot, project_of(request)))

    async def change(request):
        project_of(request).change(**await request.json())
        return JSONResponse({})

    async def start(request):
        given = await request.json()
        project = project_of(request)
        if given["kind"] not in step.STEPS:
            raise ValueError(f"Job must be one of {', '.join(step.STEPS)}: {given['kind']!r}")
        run = given.get("run")
        if run is not None and run not in project.runs():
            raise KeyError(run)
        return JSONResponse({"id": studio.start(project, given["kind"], run).id})

    async def stop(request):
        project = project_of(request)
        job = studio.jobs(project).find((await request.json())["id"])
        if job.kind == VIRTUAL:
            studio.boards.close(str(step.port(project, job.about["run"])))
        job.stop()
        return JSONResponse({})

    async def boards(request):
        facts = await studio.estimator.ask(boards=True)
        return JSONResponse({**facts, "measured": estimator.measured()})

    async def networks(request):
        project = project_of(request)
        facts = (await studio.estimator.ask(boards=True))["boards"]
        board = next((one for one in facts if one["name"] == project.choices["board"]), facts[0])
        data = read_json(project.folder / "data.json")
        found = estimator.candidates(project, data, board, await studio.estimator.recipes())
        recipes = await studio.estimator.recipes()
        return JSONResponse({**found, "recipes": {name: recipes[name] for name in found["names"]}})

    async def estimate(request):
        given, project = await request.json(), project_of(request)
        data = read_json(project.folder / "data.json")
        return JSONResponse(await studio.estimator.estimate(
            project.choices["board"], given["network"], data, given.get("rate")))

    async def take(request):
        project, given = project_of(request), request.query_params
        if "class" in given:
            name = await upload.take_picture(project, request.stream(), given["class"])
        else:
            name = await upload.take_table(project, request.stream(), given.get("kind", ""))
        return JSONResponse({"name": name})

    async def clear(request):
        upload.clear(project_of(request))
        return JSONResponse({})

    async def ask(request):
        """Answer a picture, or a test image, by the golden model."""
        model, given = model_of(request), request.query_params
        if "example" in given:
            test, _ = await run_in_threadpool(answer.tested, project_of(request).network(
                run_of(request, project_of(request))))
            index = int(given["example"]) % len(test.images)
            found = answer.answer(model, test.images[index])
            return JSONResponse({**found, "truth": int(test.labels[index]), "example": index})
        pixels = answer.picture(await request.body(), *(
            int(given[name]) for name in ("height", "width", "colours")))
        return JSONResponse(answer.answer(model, answer.converted(model, pixels)))

    async def ask_board(request):
        """Answer an input by the board at a port: the virtual one, or one that was listed."""
        project, port = project_of(request), request.query_params["port"]
        run = run_of(request, project)
        known = {VIRTUAL: str(step.port(project, run)),
                 **{one.path: one.path for one in ports.candidates() if not one.reason}}
        if port not in known:
            raise KeyError(port)
        own = model_of(request).network
        image = answer.given_input(await request.body(), own)
        return JSONResponse(await run_in_threadpool(studio.boards.ask, known[port], own.identity,
                                                   image))

    async def listed_ports(request):
        found = await run_in_threadpool(ports.candidates)
        return JSONResponse([{"path": one.path, "about": one.about} for one in found
                             if not one.reason and not one.virtual])

    async def cell(request):
        project, given = project_of(request), request.query_params
        path = project.network(run_of(request, project))
        octets = await run_in_threadpool(answer.cell, path, int(given["truth"]),
                                         int(given["given"]))
        return Response(octets, media_type="image/png")

    async def file(request):
        project = project_of(request)
        path = step.files(project, run_of(request, project) if project.runs() else project.run)[
            request.path_params["file"]]
        if path.is_dir():
            path = Path(await run_in_threadpool(shutil.make_archive, path, "zip", path))
        shown = path.suffix == ".png"
        return FileResponse(path, filename=None if shown else path.name)

    async def remove(request):
        project = project_of(request)
        for job in studio.jobs(project).all():
            job.stop()
        shutil.rmtree(project.folder)
        return JSONResponse({})

    async def live(socket):
        """Send a project's snapshot whenever it has changed."""
        await socket.accept()
        before = None
        with suppress(WebSocketDisconnect, KeyError, RuntimeError):
            while True:
                project = studio.projects.find(socket.path_params["name"])
                text = json.dumps(await run_in_threadpool(studio.snapshot, project))
                if text != before:
                    await socket.send_text(text)
                    before = text
                with suppress(TimeoutError):
                    await asyncio.wait_for(socket.receive_text(), TICK)

    @asynccontextmanager
    async def lifespan(app):
        async def watch():
            while True:
                with suppress(ValueError, OSError, KeyError):
                    await run_in_threadpool(studio.advance)
                await asyncio.sleep(TICK)

        task = asyncio.create_task(watch())
        yield
        task.cancel()
        studio.estimator.close()

    own = "/projects/{name}"
    routes = [
        Route("/projects", home), Route("/projects", create, methods=["POST"]),
        Route(own, show), Route(own, change, methods=["POST"]),
        Route(own, remove, methods=["DELETE"]),
        Route(f"{own}/jobs", start, methods=["POST"]),
        Route(f"{own}/stop", stop, methods=["POST"]),
        Route(f"{own}/data", take, methods=["PUT"]), Route(f"{own}/data", clear,
                                                           methods=["DELETE"]),
        Route(f"{own}/networks", networks), Route(f"{own}/estimate", estimate, methods=["POST"]),
        Route(f"{own}/answer", ask, methods=["POST"]),
        Route(f"{own}/board", ask_board, methods=["POST"]),
        Route(f"{own}/cell", cell), Route(f"{own}/files/{{file}}", file),
        Route("/boards", boards), Route("/ports", listed_ports),
        WebSocketRoute(f"{own}/live", live),
        Mount("/", StaticFiles(directory=PAGE, html=True)),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={
        KeyError: _missing, ValueError: _wrong, TypeError: _wrong, OSError: _wrong})


async def _missing(request, error):
    return JSONResponse({"error": f"There must be such a thing: {str(error)[:80]} (reload the "
                                  f"page)"}, status_code=404)


async def _wrong(request, error):
    status = 413 if isinstance(error, upload.TooMuch) else 400
    return JSONResponse({"error": explain(error)}, status_code=status)
