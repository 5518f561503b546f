import { randomBelow, randomHex, type RandomBytes } from './random.ts';

const ADJECTIVES = (
  'amber bold brave bright calm clever crisp deft eager early fair fleet gentle glad golden grand happy ' +
  'humble keen kind lively lucky mellow merry mild misty noble proud quick quiet rapid silent silver sly ' +
  'snowy solar stout sunny swift tidy vivid warm wild wise'
).split(' ');

const ANIMALS = (
  'badger bear beaver bison crane deer dolphin eagle egret falcon ferret finch fox gecko gull hare hawk ' +
  'heron ibex ibis jackal koala lark lemur lion lynx marten mole moose newt orca osprey otter owl panda ' +
  'puffin raven robin seal sparrow stoat stork swan tapir tern tiger viper vole walrus weasel wolf wren yak'
).split(' ');

function pick(random: RandomBytes, words: readonly string[]): string {
  return words[randomBelow(random, words.length)] ?? 'quiet';
}

/** A name for a token whose maker gave none, for example `swift-otter-4f2a`. */
export function randomTokenAlias(random: RandomBytes): string {
  return `${pick(random, ADJECTIVES)}-${pick(random, ANIMALS)}-${randomHex(random, 2)}`;
}

const USERNAME_LENGTH_MIN = 3;
const USERNAME_LENGTH_MAX = 50;
const SUFFIX_LENGTH = 5;

/**
 * A username for an e-mail address: the local part reduced to `[a-zA-Z0-9_-]`, `-`, and 4 hex digits;
 * 3 to 50 characters. Uniqueness is the database's business: draw again on a clash.
 */
export function usernameFromEmail(email: string, random: RandomBytes): string {
  const at = email.indexOf('@');
  const local = at < 0 ? email : email.slice(0, at);
  const reduced = local
    .normalize('NFKD')
    .replace(/[^a-zA-Z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, USERNAME_LENGTH_MAX - SUFFIX_LENGTH);
  const base = reduced.length + SUFFIX_LENGTH < USERNAME_LENGTH_MIN || reduced === '' ? 'user' : reduced;
  return `${base}-${randomHex(random, 2)}`;
}
