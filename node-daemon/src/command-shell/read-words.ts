import type { Readable } from 'node:stream';

/** Calls back with the numbers of each line of a stream, however it is cut into pieces. */
export function readWords(stream: Readable, onLine: (words: readonly number[]) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.split(' ').map(Number));
  });
  stream.on('error', () => undefined);
}
