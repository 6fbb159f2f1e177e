/** The services. A new one is a row here, and its configuration or program (`programs`). */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  application,
  files,
  git,
  jupyter,
  type Kind,
  type SampleRequest,
  sentFile,
  stored,
  verdaccio,
} from './sample-requests.ts';
import { apacheFor, gitSite, nginxFor, phpFpmFor, phpSite } from './server-configs.ts';
import type { Place, Service } from './service.ts';
import { findProgram, tools } from './tools.ts';
import { writePublication, writeRepository } from './write-site.ts';

const programs = fileURLToPath(new URL('programs/', import.meta.url));

const without = (requests: readonly SampleRequest[], ...kinds: readonly Kind[]) =>
  requests.filter(({ kind }) => !kinds.includes(kind));

/** With the installed packages and the sample applications. */
const python = (...args: readonly string[]) => ({
  command: 'python3',
  args,
  env: { PYTHONPATH: `${programs}:${tools.pythonEnvironment['PYTHONPATH'] ?? ''}`, PYTHONDONTWRITEBYTECODE: '1' },
});

const copyPhp = ({ folder }: Place) => copyFileSync(join(programs, 'index.php'), join(folder, 'site/index.php'));

export const services: readonly Service[] = [
  {
    name: 'http.server',
    needs: ['python3'],
    requests: without(files, 'range', 'rest of a file'),
    page: '/folder/',
    commands: ({ folder, port }) => [
      python('-m', 'http.server', `${port}`, '--bind', '127.0.0.1', '--directory', join(folder, 'site')),
    ],
  },
  {
    name: 'wsgiref',
    needs: ['python3'],
    requests: without(application, 'early hints', 'chunked upload', 'expectation'),
    page: '/text',
    commands: ({ port }) => [python(join(programs, 'wsgi.py'), `${port}`)],
  },
  {
    name: 'gunicorn',
    needs: ['packages of Python'],
    requests: without(application, 'early hints'),
    page: '/text',
    commands: ({ port }) => [
      python('-m', 'gunicorn', '--bind', `127.0.0.1:${port}`, '--threads', '4', '--log-level', 'critical', 'wsgi:app'),
    ],
  },
  {
    name: 'uvicorn',
    needs: ['packages of Python'],
    requests: without(application, 'early hints'),
    page: '/text',
    commands: ({ port }) => [python('-m', 'uvicorn', '--port', `${port}`, '--log-level', 'critical', 'asgi:app')],
  },
  {
    name: 'Apache, php-fpm',
    needs: ['apache2', 'php-fpm'],
    requests: [...without(application, 'early hints'), ...without(files, 'redirect')],
    page: '/text',
    commands: (place) => {
      copyPhp(place);
      return [
        { command: findProgram('php-fpm')!, args: ['--nodaemonize', '--allow-to-run-as-root', '-y', phpFpmFor(place)] },
        { command: 'apache2', args: ['-DFOREGROUND', '-f', apacheFor(place, phpSite(place))] },
      ];
    },
  },
  {
    name: 'php -S',
    varies: { host: 'it repeats the address that the client used' },
    needs: ['php'],
    requests: without(application, 'early hints', 'expectation'),
    page: '/text',
    commands: (place) => {
      copyPhp(place);
      return [{ command: 'php', args: ['-q', '-S', `127.0.0.1:${place.port}`, join(place.folder, 'site/index.php')] }];
    },
  },
  {
    name: 'Puma',
    needs: ['puma'],
    requests: application,
    page: '/text',
    commands: ({ port }) => [
      {
        command: 'puma',
        args: [
          '--bind',
          `tcp://127.0.0.1:${port}`,
          '--early-hints',
          '--environment',
          'production',
          join(programs, 'config.ru'),
        ],
      },
    ],
  },
  {
    name: 'Go net/http',
    needs: ['go'],
    requests: [...application, ...sentFile],
    page: '/text',
    commands: ({ port }) => [{ command: tools.goServer, args: [`${port}`] }],
  },
  {
    name: 'Express',
    needs: [],
    requests: [...application, ...sentFile],
    page: '/text',
    commands: ({ port, folder }) => [
      {
        command: process.execPath,
        args: [join(programs, 'express.mjs'), `${port}`, join(folder, 'site/text.txt')],
        env: { NODE_ENV: 'production' },
      },
    ],
  },
  {
    name: 'Fastify',
    needs: [],
    requests: application,
    page: '/text',
    commands: ({ port }) => [{ command: process.execPath, args: [join(programs, 'fastify.mjs'), `${port}`] }],
  },
  {
    name: 'nginx',
    needs: ['nginx'],
    requests: [...files, ...stored],
    page: '/folder/',
    commands: (place) => [{ command: findProgram('nginx')!, args: ['-c', nginxFor(place), '-e', 'stderr'] }],
  },
  {
    name: 'git http-backend',
    varies: { 'content-length': 'Apache states it if the program has ended by then' },
    needs: ['apache2', 'git'],
    requests: git,
    page: '/app.git/HEAD',
    commands: (place) => {
      writeRepository(place.folder);
      return [{ command: 'apache2', args: ['-DFOREGROUND', '-f', apacheFor(place, gitSite(place))] }];
    },
  },
  {
    name: 'Verdaccio',
    needs: ['Verdaccio'],
    requests: verdaccio,
    page: '/-/ping',
    route: 'path: { encodedSlash: keep }',
    commands: ({ folder, port }) => {
      const config = join(folder, 'verdaccio.yaml');
      writeFileSync(
        config,
        `storage: ./storage
auth: { htpasswd: { file: ./htpasswd } }
packages: { '**': { access: $all, publish: $all } }
log: { type: stdout, level: fatal }
`,
      );
      const args = [tools.verdaccio, '--config', config, '--listen', `127.0.0.1:${port}`];
      // Otherwise its links have the address that the client used.
      return [{ command: process.execPath, args, env: { VERDACCIO_PUBLIC_URL: 'https://registry.example.test/' } }];
    },
    fill: async (origin, { folder }) => {
      for (const name of ['tool', '@team/tool']) {
        const body = writePublication(folder, name);
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(`${origin}/${encodeURIComponent(name)}`, { method: 'PUT', headers, body });
        if (response.status !== 201) throw new Error(`publication: ${response.status} ${await response.text()}`);
      }
    },
  },
  {
    name: 'Jupyter',
    needs: ['packages of Python'],
    requests: jupyter,
    page: '/api',
    varies: { 'set-cookie': 'a random token against cross-site requests' },
    commands: ({ folder, port }) => {
      const settings = {
        'ServerApp.ip': '127.0.0.1',
        'ServerApp.port': port,
        'ServerApp.port_retries': 0,
        'ServerApp.root_dir': join(folder, 'site'),
        'ServerApp.open_browser': 'False',
        'ServerApp.allow_root': 'True',
        'ServerApp.disable_check_xsrf': 'True',
        'ServerApp.log_level': 'ERROR',
        'IdentityProvider.token': '',
      };
      const server = python(
        '-m',
        'jupyter_server',
        ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
      );
      return [{ ...server, env: { ...server.env, HOME: folder, JUPYTER_NO_CONFIG: '1', JUPYTER_CONFIG_DIR: folder } }];
    },
  },
];
