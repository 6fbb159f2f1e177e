/** The command line. Each command loads only what it needs; exit codes are 0 fine, 1 failed, 2 wrong usage. */
import { Command, CommanderError, Option } from 'commander';
import { StoreUnavailableError } from '../auth-api/store/store-errors.ts';
import { CommandError, ExitCode } from './exit-code.ts';
import { version } from './version.ts';

/** Runs one command to its end and returns its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let code: number = ExitCode.fine;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.fine : ExitCode.usage;
    if (error instanceof CommandError) {
      process.stderr.write(`${error.message.trimEnd()}\n`);
      return error.exitCode;
    }
    if (error instanceof StoreUnavailableError) {
      process.stderr.write(`${error.message}\n`);
      return ExitCode.failed;
    }
    process.stderr.write(`rolegate: unexpected fault: ${error instanceof Error ? error.stack : String(error)}\n`);
    return ExitCode.failed;
  }
}

type Done = (code: number) => void;

function createProgram(done: Done): Command {
  const program = new Command('rolegate');
  program
    .description('Authentication gateway: authenticates requests, enforces role rules, forwards or refuses.')
    .version(version, '-v, --version')
    .showHelpAfterError('(rolegate --help shows the commands)')
    .exitOverride();
  const configOption = () =>
    new Option('-c, --config <file>', 'configuration file').env('ROLEGATE_CONFIG').default('gateway.yaml');

  program
    .command('serve')
    .description('run the gateway')
    .addOption(configOption())
    .action(async (options: { config: string }) => done(await (await import('./serve.ts')).serve(options)));
  program
    .command('demo')
    .description('run a complete system on this machine: gateway, Auth API, sample service')
    .action(async () => done(await (await import('./demo/demo.ts')).demo()));
  addAuthApi(program, done);
  program
    .command('validate')
    .description('check a configuration; every problem is reported at once')
    .argument('[file]', 'configuration file (instead of --config)')
    .addOption(configOption())
    .action(async (file: string | undefined, options: { config: string }) =>
      done(await (await import('./validate.ts')).validate(file ?? options.config)),
    );
  program
    .command('routes')
    .description('show who may do what: the effective table of routes')
    .addOption(configOption())
    .addOption(
      new Option('-f, --format <format>', 'how to print it').choices(['table', 'json', 'markdown']).default('table'),
    )
    .action(async (options: { config: string; format: 'table' | 'json' | 'markdown' }) =>
      done(await (await import('./routes.ts')).routes(options)),
    );
  program
    .command('schema')
    .description('print the JSON schema of the configuration, or its commented reference')
    .option('--reference', 'print the reference as YAML')
    .action(async (options: { reference?: boolean }) =>
      done(await (await import('./schema.ts')).schema(options.reference === true)),
    );
  program
    .command('healthcheck')
    .description('ask a running gateway whether it is ready; for container health checks')
    .addOption(
      new Option('-u, --url <url>', 'what to ask')
        .env('ROLEGATE_HEALTH_URL')
        .default('http://127.0.0.1:9090/health/ready'),
    )
    .option('-t, --timeout <ms>', 'longest wait in milliseconds', '2000')
    .action(async (options: { url: string; timeout: string }) =>
      done(await (await import('./healthcheck.ts')).healthcheck(options)),
    );
  program
    .command('version')
    .description('print the version')
    .action(() => {
      process.stdout.write(`${version}\n`);
    });
  return program;
}

/** The Auth API, and what is done with its database while it runs or not; `--config` may stand before or after. */
function addAuthApi(program: Command, done: Done): void {
  const authApi = program
    .command('auth-api')
    .description('run the Auth API alone')
    .addOption(
      new Option(
        '-c, --config <file>',
        'its configuration file, or for the commands below also a gateway with authApi.embedded',
      )
        .env('ROLEGATE_AUTH_API_CONFIG')
        .default('auth-api.yaml'),
    )
    .action(async (options: { config: string }) => done(await (await import('./auth-api.ts')).authApi(options)));
  authApi
    .command('create-admin')
    .description('make an administrator; a user who is there already gets the role')
    .configureHelp({ showGlobalOptions: true })
    .requiredOption('-e, --email <address>', 'where the codes go')
    .option('--full-name <name>', 'of a new user')
    .option('--alias <name>', 'of a new user')
    .action(async (_options: object, command: Command) =>
      done(await (await import('./auth-api/create-admin.ts')).createAdmin(command.optsWithGlobals())),
    );
  authApi
    .command('import')
    .description('make the users of a file, and give to those who are there the roles and groups that they lack')
    .configureHelp({ showGlobalOptions: true })
    .requiredOption('-f, --file <file>', 'users in YAML')
    .option('--dry-run', 'only tell what would be done')
    .action(async (_options: object, command: Command) =>
      done(await (await import('./auth-api/import-users.ts')).importUsers(command.optsWithGlobals())),
    );
}
