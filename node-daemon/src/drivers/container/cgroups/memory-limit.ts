import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemErrorCode } from '../../../outcome.ts';

export type MemoryGroup = { readonly version: 1 | 2; readonly directory: string };

/**
 * Bounds the memory of a group, in bytes; null: no bound. False, and nothing is changed, when its processes use
 * more than that and the kernel can't take enough of it back. Throws what else the file system says.
 */
export function setMemoryLimit({ version, directory }: MemoryGroup, bytes: number | null): boolean {
  const at = (file: string): string => path.join(directory, file);
  if (version === 1) return writeUnlessBusy(at('memory.limit_in_bytes'), String(bytes ?? -1));
  const current = (): number => Number(readFileSync(at('memory.current'), 'utf8'));
  // Version 2 does not refuse: it would end processes until what is left fits. The lower bound takes back what
  // it can, and slows down who wants more meanwhile.
  const isMore = bytes !== null && current() > bytes;
  if (isMore) writeFileSync(at('memory.high'), String(bytes));
  try {
    if (isMore && current() > bytes) return false;
    writeFileSync(at('memory.max'), String(bytes ?? 'max'));
    return true;
  } finally {
    if (isMore) writeFileSync(at('memory.high'), 'max');
  }
}

function writeUnlessBusy(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== 'EBUSY') throw error;
    return false;
  }
}
