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

from ..answer import traced
from ..command import explain
from ..line import ports
from . import answer, step, upload
from .project import OWN, checked


PAGE = Path(__file__).parent / "page"
TICK = 0.3  # s between two looks at the jobs


class Requests:
    """Answers to the page's requests: coroutines of a request, and its project if it names one.

    What they return becomes JSON, unless it is a response.
    """

    def __init__(self, studio):
        self.studio = studio

    def run_of(self, request, project):
        run = request.query_params.get("run") or project.run
        if run not in project.runs():
            raise KeyError(run)
        return run

    def network_of(self, request, project):
        return project.network(self.run_of(request, project))

    async def create(self, request):
        given = await request.json()
        made = self.studio.projects.create(given["dataset"], given.get("board", "icebreaker"))
        if made.choices["dataset"] != OWN:
            self.studio.start(made, "data", "run1")
        return {"name": made.name}

    async def change(self, request, project):
        given = await request.json()
        if given.get("part"):  # a board of one's own, whose name its facts tell
            found = await self.studio.estimator.ask(board=checked("part", given["part"]))
            given["board"] = found["name"]
        elif "board" in given:
            given["part"] = None
        project.change(**given)

    async def start(self, request, project):
        given = await request.json()
        run = given.get("run")
        if given["kind"] not in step.KINDS:
            raise ValueError(f"Job must be one of {', '.join(step.KINDS)}: {given['kind']!r}")
        if run is not None and run not in project.runs():
            raise KeyError(run)
        return {"id": self.studio.start(project, given["kind"], run).id}

    async def stop(self, request, project):
        job = self.studio.jobs(project).find((await request.json())["id"])
        await run_in_threadpool(self.studio.stop, project, job)

    async def estimate(self, request, project):
        given = await request.json()
        return await self.studio.estimator.estimate(project, checked("network", given["network"]))

    async def take(self, request, project):
        given, stream = request.query_params, request.stream()
        if "class" in given:
            return {"name": await upload.take_example(project, stream, given["class"])}
        return {"name": await upload.take_table(project, stream, given.get("kind", ""))}

    async def ask(self, request, project):
        """Answer a picture, a recording, or a test image, by the golden model."""
        path, given = self.network_of(request, project), request.query_params
        model = answer.model_of(path)
        if "example" in given:
            test, _ = await run_in_threadpool(answer.tested, path)
            index = int(given["example"]) % len(test.images)
            found = traced.answer(model, test.images[index])
            return {**found, "truth": int(test.labels[index]), "example": index}
        example = await run_in_threadpool(answer.example, await request.body(), model.network)
        return traced.answer(model, traced.converted(model, example))

    async def ask_board(self, request, project):
        """Answer an input by the board at a port: the virtual one, or one that was listed."""
        path, port = self.network_of(request, project), request.query_params["port"]
        known = {step.VIRTUAL: str(step.port(project, self.run_of(request, project))),
                 **{one.path: one.path for one in ports.candidates() if not one.reason}}
        if port not in known:
            raise KeyError(port)
        own = answer.model_of(path).network
        image = answer.given_input(await request.body(), own)
        return await run_in_threadpool(self.studio.boards.ask, known[port], own.identity, image)

    async def listed_ports(self, request):
        return [{"path": one.path, "about": one.about} for one
                in await run_in_threadpool(ports.candidates) if not one.reason and not one.virtual]

    async def cell(self, request, project):
        path, given = self.network_of(request, project), request.query_params
        tested = await run_in_threadpool(answer.tested, path)
        octets = traced.confused(answer.model_of(path), *tested, int(given["truth"]),
                                 int(given["given"]))
        return Response(octets, media_type="image/png")

    async def file(self, request, project):
        run = self.run_of(request, project) if project.runs() else project.run
        path = step.files(project, run)[request.path_params["file"]]
        if path.is_dir():
            path = Path(await run_in_threadpool(shutil.make_archive, path, "zip", path))
        if path.suffix == ".png":  # read at once: a training may replace it
            return Response(path.read_bytes(), media_type="image/png")
        return FileResponse(path, filename=path.name)

    def answering(self, act):
        """Return the endpoint of one of these coroutines."""
        async def endpoint(request):
            projects = [self.studio.projects.find(name) for key, name
                        in request.path_params.items() if key == "name"]
            found = await act(request, *projects)
            return found if isinstance(found, Response) else JSONResponse(
                {} if found is None else found)
        return endpoint

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
        "GET": {"/projects": lambda _: run_in_threadpool(studio.overview),
                "/boards": lambda _: studio.estimator.ask(boards=True),
                own: lambda _, project: run_in_threadpool(studio.snapshot, project),
                f"{own}/networks": lambda _, project: studio.estimator.suggest(project),
                f"{own}/cell": on.cell, f"{own}/files/{{file}}": on.file,
                "/ports": on.listed_ports},
        "POST": {"/projects": on.create, own: on.change, f"{own}/jobs": on.start,
                 f"{own}/stop": on.stop, f"{own}/estimate": on.estimate, f"{own}/answer": on.ask,
                 f"{own}/board": on.ask_board},
        "PUT": {f"{own}/data": on.take},
        "DELETE": {f"{own}/data": lambda _, project: run_in_threadpool(upload.clear, project),
                   own: lambda _, project: run_in_threadpool(studio.remove, project)}}
    routes = [Route(path, on.answering(act), methods=[method])
              for method, of_paths in answers.items() for path, act in of_paths.items()]
    routes += [WebSocketRoute(f"{own}/live", on.live),
               Mount("/", StaticFiles(directory=PAGE, html=True))]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=dict.fromkeys(
        (KeyError, ValueError, TypeError, AttributeError, OSError, RecursionError), _refused))


async def _refused(request, error):
    text, status = explain(error), 413 if isinstance(error, upload.TooMuch) else 400
    if isinstance(error, KeyError):
        text, status = f"There must be such a thing: {str(error)[:80]} (reload the page)", 404
    return JSONResponse({"error": text}, status)
