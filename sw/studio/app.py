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
from . import answer, step, upload
from .project import OWN, checked
from .step import VIRTUAL


PAGE = Path(__file__).parent / "page"
TICK = 0.3  # s between two looks at the jobs


class Requests:
    """Answers to the page's requests, by the routes of :func:`application`."""

    def __init__(self, studio):
        self.studio = studio

    def project_of(self, request):
        return self.studio.projects.find(request.path_params["name"])

    def run_of(self, request, project):
        run = request.query_params.get("run") or project.run
        if run not in project.runs():
            raise KeyError(run)
        return run

    def model_of(self, request):
        project = self.project_of(request)
        return answer.model_of(project.network(self.run_of(request, project)))

    async def home(self, request):
        projects = [{"name": project.name, **project.choices}
                    for project in self.studio.projects.all()]
        return JSONResponse({"datasets": sorted(KNOWN), "projects": projects})

    async def create(self, request):
        given = await request.json()
        made = self.studio.projects.create(given["dataset"], given.get("board", "icebreaker"))
        if made.choices["dataset"] != OWN:
            self.studio.start(made, "data", "run1")
        return JSONResponse({"name": made.name})

    async def show(self, request):
        return JSONResponse(await run_in_threadpool(self.studio.snapshot, self.project_of(request)))

    async def change(self, request):
        self.project_of(request).change(**await request.json())
        return JSONResponse({})

    async def start(self, request):
        given = await request.json()
        project = self.project_of(request)
        if given["kind"] not in step.KINDS:
            raise ValueError(f"Job must be one of {', '.join(step.KINDS)}: {given['kind']!r}")
        run = given.get("run")
        if run is not None and run not in project.runs():
            raise KeyError(run)
        return JSONResponse({"id": self.studio.start(project, given["kind"], run).id})

    async def stop(self, request):
        project = self.project_of(request)
        job = self.studio.jobs(project).find((await request.json())["id"])
        if job.kind == VIRTUAL:
            await run_in_threadpool(self.studio.boards.close,
                                    str(step.port(project, job.about["run"])))
        job.stop()
        return JSONResponse({})

    async def boards(self, request):
        return JSONResponse(await self.studio.estimator.ask(boards=True))

    async def networks(self, request):
        project = self.project_of(request)
        data = read_json(project.folder / "data.json")
        return JSONResponse(await self.studio.estimator.suggest(project, data))

    async def estimate(self, request):
        given, project = await request.json(), self.project_of(request)
        data = read_json(project.folder / "data.json")
        chosen = project.choices
        return JSONResponse(await self.studio.estimator.estimate(
            chosen["board"], checked("network", given["network"]), data, chosen.get("rate")))

    async def take(self, request):
        project, given = self.project_of(request), request.query_params
        if "class" in given:
            name = await upload.take_picture(project, request.stream(), given["class"])
        else:
            name = await upload.take_table(project, request.stream(), given.get("kind", ""))
        return JSONResponse({"name": name})

    async def clear(self, request):
        upload.clear(self.project_of(request))
        return JSONResponse({})

    async def ask(self, request):
        """Answer a picture, or a test image, by the golden model."""
        model, given = self.model_of(request), request.query_params
        if "example" in given:
            test, _ = await run_in_threadpool(answer.tested, self.project_of(request).network(
                self.run_of(request, self.project_of(request))))
            index = int(given["example"]) % len(test.images)
            found = answer.answer(model, test.images[index])
            return JSONResponse({**found, "truth": int(test.labels[index]), "example": index})
        pixels = answer.picture(await request.body(), *(
            int(given[name]) for name in ("height", "width", "colours")))
        return JSONResponse(answer.answer(model, answer.converted(model, pixels)))

    async def ask_board(self, request):
        """Answer an input by the board at a port: the virtual one, or one that was listed."""
        project, port = self.project_of(request), request.query_params["port"]
        run = self.run_of(request, project)
        known = {VIRTUAL: str(step.port(project, run)),
                 **{one.path: one.path for one in ports.candidates() if not one.reason}}
        if port not in known:
            raise KeyError(port)
        own = self.model_of(request).network
        image = answer.given_input(await request.body(), own)
        found = await run_in_threadpool(self.studio.boards.ask, known[port], own.identity, image)
        return JSONResponse(found)

    async def listed_ports(self, request):
        found = await run_in_threadpool(ports.candidates)
        return JSONResponse([{"path": one.path, "about": one.about} for one in found
                             if not one.reason and not one.virtual])

    async def cell(self, request):
        project, given = self.project_of(request), request.query_params
        path = project.network(self.run_of(request, project))
        octets = await run_in_threadpool(answer.cell, path, int(given["truth"]),
                                         int(given["given"]))
        return Response(octets, media_type="image/png")

    async def file(self, request):
        project = self.project_of(request)
        run = self.run_of(request, project) if project.runs() else project.run
        path = step.files(project, run)[request.path_params["file"]]
        if path.is_dir():
            path = Path(await run_in_threadpool(shutil.make_archive, path, "zip", path))
        shown = path.suffix == ".png"
        return FileResponse(path, filename=None if shown else path.name)

    async def remove(self, request):
        project = self.project_of(request)
        await run_in_threadpool(self.studio.remove, project)
        return JSONResponse({})

    async def live(self, socket):
        """Send a project's snapshot whenever it has changed."""
        await socket.accept()
        before = None
        with suppress(WebSocketDisconnect, KeyError, RuntimeError):
            while True:
                project = self.studio.projects.find(socket.path_params["name"])
                text = json.dumps(await run_in_threadpool(self.studio.snapshot, project))
                if text != before:
                    await socket.send_text(text)
                    before = text
                with suppress(TimeoutError):
                    await asyncio.wait_for(socket.receive_text(), TICK)


def application(studio):
    """Return the ASGI application of a studio, to be guarded by :class:`.guard.Guard`."""
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

    on, own = Requests(studio), "/projects/{name}"
    answers = {
        "GET": {"/projects": on.home, own: on.show, f"{own}/networks": on.networks,
                f"{own}/cell": on.cell, f"{own}/files/{{file}}": on.file, "/boards": on.boards,
                "/ports": on.listed_ports},
        "POST": {"/projects": on.create, own: on.change, f"{own}/jobs": on.start,
                 f"{own}/stop": on.stop, f"{own}/estimate": on.estimate, f"{own}/answer": on.ask,
                 f"{own}/board": on.ask_board},
        "PUT": {f"{own}/data": on.take}, "DELETE": {f"{own}/data": on.clear, own: on.remove}}
    routes = [Route(path, act, methods=[method]) for method, of_paths in answers.items()
              for path, act in of_paths.items()]
    routes += [WebSocketRoute(f"{own}/live", on.live),
               Mount("/", StaticFiles(directory=PAGE, html=True))]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={
        KeyError: _missing, ValueError: _wrong, TypeError: _wrong, OSError: _wrong})


async def _missing(request, error):
    return JSONResponse({"error": f"There must be such a thing: {str(error)[:80]} (reload the "
                                  f"page)"}, status_code=404)


async def _wrong(request, error):
    status = 413 if isinstance(error, upload.TooMuch) else 400
    return JSONResponse({"error": explain(error)}, status_code=status)
