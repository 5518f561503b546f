import { SnapshotFacts } from '@control-plane/contract/link';
import * as z from 'zod';

/** User property of a published snapshot: whose it is and what it is, as JSON. */
export const factsProperty = 'control-plane:facts';

const Published = z.object({
  container: z.string(),
  facts: SnapshotFacts(),
  points: z.array(z.string()).default([]),
  hidden: z.boolean().default(false),
});

/** One line of `zfs list -H -t snapshot -o name,clones,control-plane:facts`. */
export type ListedSnapshot = {
  /** `POOL/PATH@NAME`. */
  readonly name: string;
  readonly clones: readonly string[];
  /** Undefined while it is not published. */
  readonly published:
    | {
        readonly container: string;
        readonly facts: SnapshotFacts;
        /** Copy points that stand for it. */
        readonly points: readonly string[];
        /** Deleted, and only there for those. */
        readonly hidden: boolean;
      }
    | undefined;
};

/** Parses such a listing: fields are separated by tabs, `-` stands for none. */
export function parseSnapshots(text: string): ListedSnapshot[] {
  return lines(text).map((line) => {
    const [name = '', clones = '-', ...facts] = line.split('\t');
    return {
      name,
      clones: clones === '-' || clones === '' ? [] : clones.split(','),
      published: parseFacts(facts.join('\t')),
    };
  });
}

/** The value of the facts property. */
export function formatFacts(
  container: string,
  facts: SnapshotFacts,
  points: readonly string[] = [],
  hidden = false,
): string {
  return JSON.stringify({
    container,
    facts,
    ...(points.length === 0 ? {} : { points }),
    ...(hidden ? { hidden } : {}),
  });
}

/** Parses lines of numbers, as `zfs list -Hp -o …` and `zfs get -Hp -o value …` print them. */
export function parseNumbers(text: string): number[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => (word === 'none' || word === '-' ? 0 : Number(word)));
}

/** The non-empty lines of an output. */
export function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function parseFacts(value: string): ListedSnapshot['published'] {
  try {
    return Published.parse(JSON.parse(value));
  } catch {
    return undefined;
  }
}
