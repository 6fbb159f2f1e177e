/** The command line. Each command loads only what it needs; exit codes: 0 success, 1 failure, 2 wrong usage, 3 negative result. */
import { Command, CommanderError, Option } from 'commander';
import { StoreUnavailableError } from '../auth-api/store/store-errors.ts';
import { schemaNames } from '../config/schema-names.ts';
import { TooManyFormsError } from '../core/url/form-texts.ts';
import { formatNames } from '../policy-tools/import/format-names.ts';
import { addCi } from './add-ci.ts';
import { addInit } from './add-init.ts';
import type { DemoOptions } from './demo/demo.ts';
import type { DiffOptions } from './diff.ts';
import { CommandError, ExitCode, exitMeanings } from './exit-code.ts';
import type { ExplainOptions } from './explain.ts';
import type { HealthcheckOptions } from './healthcheck.ts';
import type { ImportCommandOptions } from './import.ts';
import { addOperatorCommands } from './operator-commands.ts';
import { collect, percentOption } from './option-kinds.ts';
import { addProxyCommands } from './proxy-commands.ts';
import type { SchemaOptions } from './schema.ts';
import type { ServeOptions } from './serve.ts';
import { reporterNames } from './test/reporters.ts';
import type { TestOptions } from './test.ts';
import type { ValidateOptions } from './validate.ts';
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
    if (error instanceof TooManyFormsError) {
      process.stderr.write(`rolegate: ${error.message}\n`);
      return ExitCode.failed;
    }
    process.stderr.write(`rolegate: unexpected fault: ${error instanceof Error ? error.stack : String(error)}\n`);
    return ExitCode.failed;
  }
}

type Done = (code: number) => void;

/** Every command with its action; the page of commands is generated from it, too. */
export function createProgram(done: Done): Command {
  const program = new Command('rolegate');
  program
    .description('Authentication gateway: authenticates requests, enforces role rules, forwards or refuses.')
    .version(version, '-v, --version')
    .showHelpAfterError('("rolegate --help" lists the commands)')
    .addHelpText('after', afterHelp)
    .exitOverride();
  const configOption = () =>
    new Option('-c, --config <file>', 'configuration file').env('ROLEGATE_CONFIG').default('gateway.yaml');

  program
    .command('serve')
    .description('run the gateway')
    .addOption(configOption())
    .option('--shadow <file>', 'candidate configuration to compare on live traffic')
    .action(async (options: ServeOptions) => done(await (await import('./serve.ts')).serve(options)));
  program
    .command('compare-reload', { hidden: true })
    .action(async () => done(await (await import('./compare-reload.ts')).compareReload()));
  program.command('worker', { hidden: true }).action(async () => done(await (await import('./worker.ts')).worker()));
  addInit(program, done, configOption);
  program
    .command('demo')
    .description('run a complete system on this machine: gateway, Auth API and sample service')
    .option('--tls', 'serve https, with the certificate of an authority that is made for this run')
    .action(async (options: DemoOptions) => done(await (await import('./demo/demo.ts')).demo(options)));
  addAuthApi(program, done);
  program
    .command('validate')
    .description('check a configuration, and report all problems of its shape or, if there are none, of its meaning')
    .argument('[file]', 'configuration file (instead of --config)')
    .addOption(configOption())
    .option('--strict', 'fail on warnings')
    .option('--ignore <code>', 'hide a finding, such as role_unused or role_unused:guest; may be repeated', collect, [])
    .option('--sarif', 'print problems and warnings as SARIF 2.1.0, for code scanning')
    .action(async (file: string | undefined, options: ValidateOptions & { config: string }) =>
      done(await (await import('./validate.ts')).validate(file ?? options.config, options)),
    );
  program
    .command('routes')
    .description('show who may do what: the effective table of routes')
    .addOption(configOption())
    .addOption(
      new Option('-f, --format <format>', 'output format').choices(['table', 'json', 'markdown']).default('table'),
    )
    .action(async (options: { config: string; format: 'table' | 'json' | 'markdown' }) =>
      done(await (await import('./routes.ts')).routes(options)),
    );
  program
    .command('explain')
    .description('show why a request is allowed or refused. Exits with 0 if it is allowed, with 3 if it is refused')
    .argument('<method>', 'method of the request, such as GET')
    .argument('<url>', 'URL, such as https://api.example.test/v1/orders/7, or a path')
    .addOption(configOption())
    .option('--as <identity>', 'an identity from tests.identities')
    .option('--roles <names>', 'a user with these roles, separated by commas')
    .option('--groups <names>', "the user's groups, separated by commas")
    .option('--signed-in <time>', 'when the user signed in, such as 2026-12-01T08:50:00Z')
    .option('--claims <json>', "the user's claims, as in a token or in the JSON of a source")
    .option(
      '--source <name>',
      'the source of the identity; with --claims, the one whose fields are read (default: the first one; with --claims, the only one)',
    )
    .option('--certificate <file>', 'a client with this certificate (PEM), instead of a user')
    .option('--header <line>', 'a header, such as "x-region: eu"; may be repeated', collect, [])
    .option('--client <address>', 'address of the client')
    .option(
      '--trusted',
      'the request comes from a trusted proxy, so the "trusted" of its "conditions.headers" are read',
    )
    .option('--at <time>', 'time of the request, such as 2026-12-01T09:00:00Z (default: now)')
    .addOption(new Option('--bearer <token>', 'a live bearer, looked up by a running gateway').env('ROLEGATE_BEARER'))
    .addOption(new Option('--admin <url>', 'admin port of that gateway').default('http://127.0.0.1:9090'))
    .addOption(new Option('--admin-token <token>', 'admin token of that gateway').env('ROLEGATE_ADMIN_TOKEN'))
    .option('--json', 'print JSON')
    .action(async (method: string, url: string, options: ExplainOptions) =>
      done(await (await import('./explain.ts')).explain(method, url, options)),
    );
  addOperatorCommands(program, done, configOption);
  program
    .command('test')
    .description('run the tests of the rules, and report their coverage and, with --mutation, their mutation score')
    .argument('[files...]', 'test files (default: every *.test.yaml in the folder of the configuration and below)')
    .addOption(configOption())
    .addOption(new Option('-r, --reporter <name>', 'output format').choices(reporterNames).default('pretty'))
    .addOption(percentOption('--coverage <percent>', 'minimum share of rule effects that tests cover').default(0))
    .addOption(percentOption('--mutation <percent>', 'minimum share of rule changes that tests detect'))
    .option('--update', 'print the missing cases as YAML instead; with --mutation, also cases that detect more changes')
    .option(
      '-o, --out <file>',
      'with --update: append them to this test file, or to a file in this folder for each file of routes',
    )
    .action(async (files: string[], options: TestOptions) =>
      done(await (await import('./test.ts')).test(files, options)),
    );
  program
    .command('diff')
    .description('show the effect of a configuration change. Exits with 3 if the two differ')
    .argument('<before>', 'configuration file')
    .argument('<after>', 'configuration file')
    .option('--json', 'print JSON')
    .option('--markdown', 'print Markdown for a pull request')
    .option('--all', 'list all differences, not only the first ones of each kind')
    .option('--replay <file>', 'also replay a file of recorded decisions (records.file) under both')
    .action(async (before: string, after: string, options: DiffOptions) =>
      done(await (await import('./diff.ts')).diff(before, after, options)),
    );
  addCi(program, done, configOption);
  addImport(program, done);
  addProxyCommands(program, done, configOption);
  program
    .command('schema')
    .description('print the JSON schema of the configuration, or its commented reference')
    .addOption(new Option('--for <file>', 'kind of file').choices(schemaNames).default('gateway'))
    .option('--reference', 'print the reference as YAML')
    .action(async (options: SchemaOptions) => done(await (await import('./schema.ts')).schema(options)));
  program
    .command('healthcheck')
    .description('check a running gateway; for container health checks')
    .addOption(
      new Option('-u, --url <url>', 'URL to check')
        .env('ROLEGATE_HEALTH_URL')
        .default('http://127.0.0.1:9090/health/live'),
    )
    .option('-t, --timeout <duration>', 'timeout', '2s')
    .addOption(
      new Option(
        '--certificate <file>',
        'for a URL with https: accept exactly this certificate, whatever host the URL has',
      ).env('ROLEGATE_HEALTH_CERTIFICATE'),
    )
    .action(async (options: HealthcheckOptions) => done(await (await import('./healthcheck.ts')).healthcheck(options)));
  program
    .command('version')
    .description('print the version')
    .action(() => {
      process.stdout.write(`${version}\n`);
    });
  return program;
}

/** New users run `rolegate` without arguments first. */
const afterHelp = `
New here? "rolegate demo" runs everything on this machine, with commands to paste. "rolegate init <url>" writes a first
configuration for your service.

Exit codes:
${Object.entries(exitMeanings)
  .map(([code, meaning]) => `  ${code}  ${meaning}`)
  .join('\n')}`;

function addImport(program: Command, done: Done): void {
  program
    .command('import')
    .description(
      'create a configuration with tests from the rules of another tool, and list what could not be imported',
    )
    .argument('[files...]', 'YAML or JSON (default: standard input)')
    .addOption(new Option('--from <format>', 'format of the input (default: detected)').choices(formatNames))
    .option('-o, --out <file>', 'file to write (default: standard output)')
    .option('--upstream <url>', 'URL of the service, if the rules do not contain one')
    .option('--auth <name>', 'the security scheme, or the auth-url, that the Auth API replaces (default: the only one)')
    .action(async (files: string[], options: ImportCommandOptions) =>
      done(await (await import('./import.ts')).importRules(files, options)),
    );
}

/** The Auth API, and commands for its database, whether or not it runs; `--config` may come before or after. */
function addAuthApi(program: Command, done: Done): void {
  const authApi = program
    .command('auth-api')
    .description('run a standalone Auth API')
    .addOption(
      new Option(
        '-c, --config <file>',
        'its configuration file; the commands below also accept that of a gateway with authApi.embedded',
      )
        .env('ROLEGATE_AUTH_API_CONFIG')
        .default('auth-api.yaml'),
    )
    .action(async (options: { config: string }) => done(await (await import('./auth-api.ts')).authApi(options)));
  authApi
    .command('create-admin')
    .description(
      'create an administrator; an existing user gets the role. Prints a link to add a passkey, if the pages offer them',
    )
    .configureHelp({ showGlobalOptions: true })
    .requiredOption('-e, --email <address>', 'e-mail address, to which codes are sent')
    .option('--full-name <name>', 'full name of a new user')
    .option('--alias <name>', 'alias of a new user')
    .action(async (_options: object, command: Command) =>
      done(await (await import('./auth-api/create-admin.ts')).createAdmin(command.optsWithGlobals())),
    );
  authApi
    .command('import')
    .description('create the users in a file, and add missing roles and groups to existing users')
    .configureHelp({ showGlobalOptions: true })
    .requiredOption('-f, --file <file>', 'users in YAML')
    .option('--dry-run', 'only print what would be done')
    .action(async (_options: object, command: Command) =>
      done(await (await import('./auth-api/import-users.ts')).importUsers(command.optsWithGlobals())),
    );
  authApi
    .command('login')
    .description('print a working bearer of a user, without mail; for tests and development')
    .configureHelp({ showGlobalOptions: true })
    .argument('<email>', 'verified address of the user')
    .action(async (email: string, _options: object, command: Command) =>
      done(await (await import('./auth-api/login.ts')).login(email, command.optsWithGlobals())),
    );
}
