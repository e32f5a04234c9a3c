// Writes src/api/schema.ts from the OpenAPI document of a running Dozor:
//   npm run types -- http://localhost:8080/openapi.json
// Small because the document is ours: what it does not use is an error here, not a guess.
import { readFileSync, writeFileSync } from 'node:fs';

const [source = ''] = process.argv.slice(2);
const text = source.startsWith('http') ? await (await fetch(source)).text() : readFileSync(source, 'utf8');
const { schemas } = JSON.parse(text).components;

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      if (schema.prefixItems) return `[${schema.prefixItems.map(typeOf).join(', ')}]`;
      return schema.items.anyOf || schema.items.enum ? `(${typeOf(schema.items)})[]` : `${typeOf(schema.items)}[]`;
    case 'object':
      if (schema.additionalProperties) return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  }
  throw new Error(`no type for ${JSON.stringify(schema)}`);
}

const comment = (words, indent) => (words ? `${indent}/** ${words.replace(/\s+/g, ' ')} */\n` : '');

function interfaceOf([name, { description, properties, required = [] }]) {
  const members = Object.entries(properties).map(([member, schema]) => {
    const mark = required.includes(member) ? '' : '?';
    return `${comment(schema.description, '  ')}  ${member}${mark}: ${typeOf(schema)};\n`;
  });
  return `${comment(description, '')}export interface ${name} {\n${members.join('')}}\n`;
}

const head = '// Generated from the OpenAPI document by `npm run types`. Do not edit.\n\n';
writeFileSync(new URL('src/api/schema.ts', import.meta.url), head + Object.entries(schemas).map(interfaceOf).join('\n'));
