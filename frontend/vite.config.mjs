import { readFileSync } from 'node:fs';
import { defineConfig } from 'vite';

const read = (path) => readFileSync(new URL(`node_modules/${path}`, import.meta.url), 'utf8');

/** What `/docs` needs, without the other 10 MB of its package, and the licences of everything we pass on. */
const passedOn = {
  name: 'dozor-passed-on',
  apply: 'build',
  generateBundle() {
    const emit = (fileName, source) => this.emitFile({ type: 'asset', fileName, source });
    emit('docs/swagger-ui-bundle.js', read('swagger-ui-dist/swagger-ui-bundle.js').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'));
    emit('docs/swagger-ui.css', read('swagger-ui-dist/swagger-ui.css').replace(/\/\*# sourceMappingURL=.*?\*\/\s*$/, ''));
    emit('licenses.txt', ['preact', 'lightweight-charts', 'swagger-ui-dist']
      .map((name) => `${name}\n${'='.repeat(name.length)}\n\n${read(`${name}/LICENSE`)}`)
      .concat(read('swagger-ui-dist/NOTICE')).join('\n\n'));
  },
};

export default defineConfig({
  base: '/static/',
  plugins: [passedOn],
  build: { outDir: '../backend/dozor/web/static', emptyOutDir: true, target: 'es2022' },
  server: { proxy: { '/api': process.env.DOZOR_URL ?? 'http://127.0.0.1:8000' } },
  test: { include: ['src/**/*.test.ts'], env: { TZ: 'UTC' } },
});
