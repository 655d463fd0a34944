// A board behind Web Serial: docs/protocol.md in JavaScript, as sw/line/protocol.py has it in Python.

const FLAG = 0x7e, ESCAPE = 0x7d, FLIP = 0x20, ANSWER = 0x80, ERROR = 0xe0;
const IDENTIFY = 1, CLASSIFY = 2, VERSION = 1;
const BAUDS = [3000000, 1000000, 115200];
const ATTEMPTS = 4, PATIENCE = 1500;  // ms
const LOADING = 4, ERRORS = { 5: "no weights in the flash", 6: "weights of another network", 7: "damaged weights" };

const TABLE = Uint32Array.from({ length: 256 }, (_, octet) => {
  for (let bit = 0; bit < 8; bit++) octet = octet & 1 ? 0xedb88320 ^ (octet >>> 1) : octet >>> 1;
  return octet;
});
const crc32 = (octets) => ~octets.reduce((crc, octet) => TABLE[(crc ^ octet) & 255] ^ (crc >>> 8), -1) >>> 0;

export function encode(type, sequence, payload) {
  const body = [type, sequence, ...payload], crc = crc32(body);
  body.push(crc & 255, crc >>> 8 & 255, crc >>> 16 & 255, crc >>> 24);
  const escaped = body.flatMap((octet) => octet === FLAG || octet === ESCAPE ? [ESCAPE, octet ^ FLIP] : [octet]);
  return Uint8Array.from([FLAG, ...escaped, FLAG]);
}

// The frames that end in a stream of octets: [type, sequence, payload].
export class Deframer {
  #body = [];
  #escaped = false;

  feed(octets) {
    const frames = [];
    for (const octet of octets) {
      if (octet === FLAG) {
        const body = this.#body, crc = body.splice(-4);
        if (!this.#escaped && body.length >= 2 &&
            crc32(body) === (crc[0] | crc[1] << 8 | crc[2] << 16 | crc[3] << 24) >>> 0) {
          frames.push([body[0], body[1], Uint8Array.from(body.slice(2))]);
        }
        [this.#body, this.#escaped] = [[], false];
      } else if (octet === ESCAPE) this.#escaped = true;
      else {
        this.#body.push(this.#escaped ? octet ^ FLIP : octet);
        this.#escaped = false;
      }
    }
    return frames;
  }
}

function identified(payload) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  if (view.getUint8(0) !== VERSION) throw new Error(`Board must speak protocol version ${VERSION}: ${view.getUint8(0)}`);
  const info = Object.fromEntries(["clock", "baud", "interval", "feed", "latency"].map(
    (name, index) => [name, view.getUint32(36 + 4 * index, true)]));
  info.identity = [...payload.slice(1, 33)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  [info.pixelBits, info.shift, info.scoreBytes] = payload.slice(33, 36);
  let at = 74;
  at += 1 + 4 * payload[at];  // the shape of an image
  const texts = [], count = 1 + view.getUint16(at, true);
  at += 2;
  for (let index = 0; index < count; index++) {
    const length = view.getUint16(at, true);
    texts.push(new TextDecoder().decode(payload.slice(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  [info.board, ...info.labels] = texts;
  return info;
}

// Pixels as they travel: the lowest bits of pixel >> shift, without gaps, the first one lowest.
export function pack(pixels, { pixelBits, shift }) {
  const octets = new Uint8Array(Math.ceil(pixels.length * pixelBits / 8));
  pixels.forEach((pixel, index) => {
    for (let bit = 0; bit < pixelBits; bit++) {
      const place = index * pixelBits + bit;
      octets[place >> 3] |= (pixel >> shift + bit & 1) << (place & 7);
    }
  });
  return octets;
}

export class SerialBoard {
  #port;
  #sequence = 0;

  // Ask the user for a port, and find the rate at which a board answers.
  static async connect() {
    const board = new SerialBoard();
    board.#port = await navigator.serial.requestPort();
    for (const baudRate of BAUDS) {
      await board.#port.open({ baudRate });
      try {
        board.info = identified(await board.#request(IDENTIFY, [], baudRate === BAUDS.at(-1) ? ATTEMPTS : 1));
        return board;
      } catch (error) {
        await board.#port.close();
        if (baudRate === BAUDS.at(-1)) throw error;
      }
    }
  }

  // Label and scores of an input, whose pixels are those that the golden model took.
  async classify(pixels) {
    const { labels, scoreBytes } = this.info;
    const payload = await this.#request(CLASSIFY, pack(pixels, this.info), ATTEMPTS);
    if (payload.length !== 1 + labels.length * scoreBytes) throw new Error("Answer must be whole: it is not");
    const view = new DataView(payload.buffer);
    return { label: payload[0], scores: labels.map((_, index) => scoreBytes === 2
      ? view.getInt16(1 + 2 * index, true) : view.getInt32(1 + 4 * index, true)) };
  }

  close() { return this.#port.close(); }

  // A request without an answer is sent again under its number: every request may be repeated.
  async #request(type, payload, attempts) {
    const sequence = this.#sequence++ % 256, frame = encode(type, sequence, payload);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const writer = this.#port.writable.getWriter();
      await writer.write(frame);
      writer.releaseLock();
      const answer = await this.#answer(type, sequence);
      if (answer && answer[0] !== ERROR) return answer[2];
      if (answer && answer[2][0] !== LOADING) throw new Error(`Board refuses: ${ERRORS[answer[2][0]] ?? `error ${answer[2][0]}`}`);
    }
    throw new Error("No board answers at this port (is the bitstream loaded?)");
  }

  async #answer(type, sequence) {
    const reader = this.#port.readable.getReader(), deframer = new Deframer();
    const timer = setTimeout(() => reader.cancel(), PATIENCE);
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return null;
        const found = deframer.feed(value).find((frame) => frame[1] === sequence &&
          (frame[0] === (type | ANSWER) || frame[0] === ERROR));
        if (found) return found;
      }
    } finally {
      clearTimeout(timer);
      reader.releaseLock();
    }
  }
}
