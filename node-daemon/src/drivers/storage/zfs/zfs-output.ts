import { SnapshotFacts } from '@control-plane/contract/link';

/** User property of a published snapshot: whose it is and what it is, as JSON. */
export const factsProperty = 'control-plane:facts';

/** One line of `zfs list -H -t snapshot -o name,clones,control-plane:facts`. */
export type ListedSnapshot = {
  /** `POOL/PATH@NAME`. */
  readonly name: string;
  readonly clones: readonly string[];
  /** Undefined while it is not published. */
  readonly published: { readonly container: string; readonly facts: SnapshotFacts } | undefined;
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
export function formatFacts(container: string, facts: SnapshotFacts): string {
  return JSON.stringify({ container, facts });
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
    const content: unknown = JSON.parse(value);
    if (typeof content !== 'object' || content === null || !('container' in content) || !('facts' in content))
      return undefined;
    const facts = SnapshotFacts().safeParse(content.facts);
    return facts.success && typeof content.container === 'string'
      ? { container: content.container, facts: facts.data }
      : undefined;
  } catch {
    return undefined;
  }
}
