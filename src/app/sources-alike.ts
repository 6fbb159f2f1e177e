/** The sources that name the same users as one of them: those of its issuer. */
import type { Config } from '../config/config.ts';
import { sourcesOf } from './create-runtime.ts';

/** Their names; empty: there is no source of that name. */
export function sourcesAlike(config: Config, name: string): readonly string[] {
  const { list } = sourcesOf(config, null);
  const users = list.find((one) => one.name === name)?.users.source;
  return users === undefined ? [] : list.filter((one) => one.users.source === users).map((one) => one.name);
}
