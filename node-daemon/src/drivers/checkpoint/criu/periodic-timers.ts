import { mapFields, mapImage, mapInside, readFields } from './image-messages.ts';

/** Field numbers in CRIU's fdinfo.proto and timerfd.proto. */
const timerOfFile = 12;
const ticks = 5;
const [value, valueNanoseconds] = [7, 8];
const [interval, intervalNanoseconds] = [9, 10];

/**
 * `image` (CRIU's files.img) with the periodic timerfds armed that had fired and not been read when they were dumped.
 * The kernel then says that nothing is left until they fire, for it arms them when they are read; CRIU brings that
 * back as a timer that is off, which never fires again (checkpoint-restore/criu#3162). They fire after one whole
 * interval. A timer that its program has turned off has no ticks either, and stays off.
 */
export function armPeriodicTimers(image: Buffer): Buffer {
  return mapImage(image, (file) => mapInside(file, timerOfFile, arm));
}

function arm(timer: Buffer): Buffer {
  const fields = new Map(readFields(timer).map((field) => [field.number, field.value]));
  const isSet = (number: number): boolean => (fields.get(number) ?? 0n) !== 0n;
  if (!isSet(ticks) || isSet(value) || isSet(valueNanoseconds)) return timer;
  return mapFields(timer, ({ number }) => {
    if (number === value) return fields.get(interval);
    return number === valueNanoseconds ? fields.get(intervalNanoseconds) : undefined;
  });
}
