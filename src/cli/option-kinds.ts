/** Kinds of options that several commands have. */
import { InvalidArgumentError, Option } from 'commander';

export function percentOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    if (/^\d{1,3}$/.test(text) && Number(text) <= 100) return Number(text);
    throw new InvalidArgumentError('expected a number from 0 to 100');
  });
}

/** For an option that may be repeated. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
