// The server: requests under the address of this page, which has the token, and a live snapshot.

const base = new URL(".", location.href);

export async function call(path, { method = "GET", json, body } = {}) {
  const answer = await fetch(new URL(path, base), {
    method, body: json === undefined ? body : JSON.stringify(json),
    headers: json === undefined ? {} : { "content-type": "application/json" } });
  const content = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(content.error ?? answer.statusText), { status: answer.status });
  return content;
}

export const get = (path) => call(path);
export const post = (path, json) => call(path, { method: "POST", json });
export const url = (path) => new URL(path, base).href;

// Call back with the snapshot of a project whenever it changes; return a function that ends it.
export function live(name, onSnapshot, onLost) {
  let socket, ended = false;
  const open = () => {
    socket = new WebSocket(url(`projects/${name}/live`).replace("http", "ws"));
    socket.onmessage = (message) => onSnapshot(JSON.parse(message.data));
    socket.onclose = () => {
      if (ended) return;
      onLost();
      setTimeout(open, 1000);
    };
  };
  open();
  return () => { ended = true; socket.close(); };
}
