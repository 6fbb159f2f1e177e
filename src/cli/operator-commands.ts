/** Commands for operators: problems around a gateway, who can reach what, and what happened to a request. */
import { type Command, Option } from 'commander';
import type { DoctorOptions } from './doctor.ts';
import type { LookupOptions } from './lookup.ts';
import type { ReachOptions } from './reach.ts';

type Done = (code: number) => void;

export function addOperatorCommands(program: Command, done: Done, configOption: () => Option): void {
  program
    .command('doctor')
    .description(
      'check what the gateway or the Auth API of a configuration needs: DNS, Redis, sources, upstreams, database, mail server, clocks, ports, file limits. Exits with 1 if there is an error',
    )
    .addOption(configOption())
    .addOption(
      new Option(
        '--credential <lines>',
        'header lines of a valid credential, such as "Authorization: Bearer ...", to check the "fields" of its source; never printed',
      ).env('ROLEGATE_CREDENTIAL'),
    )
    .option('--timeout <duration>', 'timeout of each check; checks run concurrently', '5s')
    .option('--strict', 'fail on warnings')
    .option('--json', 'print JSON')
    .action(async (options: DoctorOptions) => done(await (await import('./doctor.ts')).doctor(options)));
  program
    .command('reach')
    .description('show what a role, or an identity of the tests, can reach: routes, methods and conditions')
    .addOption(configOption())
    .option('--role <name>', 'a role that is declared under "roles"')
    .option('--as <identity>', 'an identity from tests.identities')
    .addOption(
      new Option('-f, --format <format>', 'output format').choices(['table', 'json', 'markdown']).default('table'),
    )
    .action(async (options: ReachOptions) => done((await import('./reach.ts')).reach(options)));
  program
    .command('lookup')
    .description(
      'show what happened to a request, by an id from its response, or list recorded requests, through the admin port of running gateways',
    )
    .argument('[id]', 'x-error-id or x-request-id; without it, requests are listed, the newest first')
    .addOption(
      new Option(
        '--admin <url>',
        'admin port of a replica; may be repeated: without Redis, each has its own records',
      ).argParser((url, before: readonly string[] | undefined) => [...(before ?? []), url]),
    )
    .addOption(new Option('--admin-token <token>', 'admin token of these gateways').env('ROLEGATE_ADMIN_TOKEN'))
    .option('--client <address>', 'list only requests of this client address')
    .option('--key <id>', 'list only requests with this key id')
    .option('--user <id>', 'list only requests of this user')
    .option('--route <id>', 'list only requests on this route')
    .option('--reason <code>', 'list only requests with this reason')
    .option('--since <time>', 'list only requests from this time on: ISO 8601, or a duration before now, such as 15m')
    .option('--until <time>', 'list only requests up to this time')
    .option('--limit <number>', 'list at most this many requests, up to 1000', '20')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, options: LookupOptions) =>
      done(await (await import('./lookup.ts')).lookup(id, options)),
    );
}
