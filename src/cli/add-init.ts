/** The command line of `rolegate init`. */
import { type Command, Option } from 'commander';
import type { InitOptions } from './init.ts';

export function addInit(program: Command, done: (code: number) => void, configOption: () => Option): void {
  program
    .command('init')
    .description('write a first configuration for a service, with comments')
    .argument('<url>', 'URL of the service, such as http://127.0.0.1:3000')
    .addOption(configOption())
    .option(
      '--issuer [url]',
      'users sign in with a browser at this OpenID provider; without a URL, it is read from the terminal',
    )
    .option('--accounts', 'users sign in with a browser by a code that they get by e-mail, without a provider')
    .option('--client-id <id>', 'with --issuer: client id of the gateway there (default: from the terminal)')
    .addOption(
      new Option('--client-secret <text>', 'with --issuer: its client secret (default: from the terminal)').env(
        'OIDC_CLIENT_SECRET',
      ),
    )
    .option(
      '--origin <origin>',
      'with --issuer or --accounts: origin of the pages as browsers see it, such as https://app.example.com',
      'http://localhost:8080',
    )
    .action(async (url: string, options: InitOptions) => done(await (await import('./init.ts')).init(url, options)));
}
