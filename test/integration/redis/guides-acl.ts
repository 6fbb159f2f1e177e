/** The user with minimal rights of `docs/guides/redis.md`, as the page creates it. */
import { readFileSync } from 'node:fs';
import { shellWords } from '../../support/curl-line.ts';
import { blocksOf, commandsOf } from '../../support/markdown-page.ts';

const creates = 'redis-cli ACL SETUSER rolegate ';
const command = blocksOf(readFileSync('docs/guides/redis.md', 'utf8'))
  .filter(({ language }) => language === 'sh')
  .flatMap(commandsOf)
  .find((line) => line.startsWith(creates));
if (command === undefined) throw new Error(`docs/guides/redis.md has no "${creates}"`);

/** The words that follow the name of the user. */
export const aclRule: readonly string[] = shellWords(command.slice(creates.length));

/** Commands that the user may run, in the spelling of statistics. */
export const granted: readonly string[] = aclRule.flatMap((word) => (word.startsWith('+') ? [word.slice(1)] : []));
