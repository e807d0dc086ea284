// Checks what the Prometheus operator defines against its TypeScript types: an unknown field or a wrong type does not compile.
//
//   node types.mjs FILE...       (in the folder that holds node_modules; writes types/ there)
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

const group = 'monitoring.coreos.com';
const lines = [];
for (const file of process.argv.slice(2)) {
  for (const manifest of parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS())) {
    if (!manifest?.apiVersion?.startsWith(`${group}/`)) continue;
    const name = `manifest${lines.length}`;
    const module = `@kubernetes-models/prometheus-operator/${manifest.apiVersion}/${manifest.kind}`;
    lines.push(`export const ${name}: import('${module}').I${manifest.kind} = ${JSON.stringify(manifest, null, 2)};`);
  }
}
if (lines.length === 0) throw new Error(`no manifest of ${group}`);

mkdirSync('types', { recursive: true });
writeFileSync('types/manifests.ts', lines.join('\n'));
const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], module: 'nodenext', target: 'es2022' };
writeFileSync('types/tsconfig.json', JSON.stringify({ compilerOptions: options, files: ['manifests.ts'] }));
const compiler = spawnSync('node_modules/.bin/tsc', ['-p', 'types'], { stdio: 'inherit' });
console.log(`${lines.length} manifests of ${group}, ${compiler.status === 0 ? 'no faults' : 'faults above'}`);
process.exitCode = compiler.status;
