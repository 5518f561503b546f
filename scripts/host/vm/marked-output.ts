import { StringDecoder } from 'node:string_decoder';

/** Splits what a job prints from the line "MARK STATUS" that follows it, however the two are cut into chunks. */
export class MarkedOutput {
  readonly #start: string;
  readonly #decoder = new StringDecoder('utf8');
  #held = '';
  #status: number | undefined;

  constructor(mark: string) {
    this.#start = `\n${mark} `;
  }

  /** Exit status of the job; undefined until it has ended. */
  get status(): number | undefined {
    return this.#status;
  }

  /** Takes the next chunk; gives what of the job's own output is certain by now. */
  take(chunk: Buffer): string {
    this.#held += this.#decoder.write(chunk);
    const at = this.#held.indexOf(this.#start);
    const end = at < 0 ? -1 : this.#held.indexOf('\n', at + this.#start.length);
    if (end >= 0) this.#status = Number(this.#held.slice(at + this.#start.length, end));
    const certain = at < 0 ? this.#held.length - this.#begunLength() : at;
    const text = this.#held.slice(0, certain);
    this.#held = end >= 0 ? '' : this.#held.slice(certain);
    return text;
  }

  /** How many of the last characters may be the beginning of the marked line. */
  #begunLength(): number {
    let length = Math.min(this.#held.length, this.#start.length);
    while (!this.#held.endsWith(this.#start.slice(0, length))) length -= 1;
    return length;
  }
}
