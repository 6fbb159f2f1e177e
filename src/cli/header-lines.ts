/** Header lines of a credential, from an option. The lines are not repeated in messages. */
import { usageError } from './exit-code.ts';

/** Alternating names and values. */
export function headerLines(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    const [, name, value] = /^([\w-]+):[ \t]*([\x20-\x7e]*[\x21-\x7e])[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw usageError('rolegate: a credential is given as header lines, such as "Authorization: Bearer ..."');
    return [name, value];
  });
}
