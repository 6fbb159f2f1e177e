import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';

const sidebar = JSON.parse(readFileSync(join(import.meta.dirname, '../pages/sidebar.json'), 'utf8'));

export default defineConfig({
  title: 'Rolegate',
  description:
    'Authentication gateway: authenticates every request, enforces role rules written in YAML, and forwards or refuses it.',
  lang: 'en-US',
  head: [['link', { rel: 'icon', href: '/logo.svg', type: 'image/svg+xml' }]],
  srcDir: 'pages',
  outDir: 'dist',
  cleanUrls: true,
  lastUpdated: false,
  // Pages are Markdown alone: what looks like a tag is text.
  markdown: {
    html: false,
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      // Templates of Helm and Go are no expressions of the page.
      const code = md.renderer.rules.code_inline!;
      md.renderer.rules.code_inline = (tokens, index, ...rest) => {
        tokens[index]!.attrSet('v-pre', '');
        return code(tokens, index, ...rest);
      };
    },
  },
  themeConfig: {
    logo: { src: '/logo.svg', alt: '' },
    search: { provider: 'local' },
    sidebar,
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/docs/getting-started' },
      { text: 'Reference', link: '/config/gateway.reference.yaml' },
      { text: 'Security', link: '/SECURITY' },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
  },
});
