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
    .option('--timeout <ms>', 'timeout of each check in milliseconds; checks run concurrently', '5000')
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
      'show what happened to a request, by an id from its response, through the admin port of a running gateway',
    )
    .argument('<id>', 'x-error-id or x-request-id')
    .addOption(new Option('--admin <url>', 'admin port of any replica').default('http://127.0.0.1:9090'))
    .addOption(new Option('--admin-token <token>', 'admin token of that gateway').env('ROLEGATE_ADMIN_TOKEN'))
    .option('--json', 'print JSON')
    .action(async (id: string, options: LookupOptions) =>
      done(await (await import('./lookup.ts')).lookup(id, options)),
    );
}
