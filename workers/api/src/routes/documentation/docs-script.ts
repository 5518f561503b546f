/**
 * Program of the API reference page: reads the served description and shows it. It runs in a browser, asks
 * nothing of any other host, keeps the credential in memory only and writes text as text, never as markup.
 */
export const DOCS_SCRIPT = String.raw`
'use strict';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const DEPTH_MAX = 8;
let spec;

function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === 'on') for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function resolve(value) {
  let current = value;
  for (let hop = 0; current && current.$ref && hop < 10; hop += 1) {
    current = current.$ref.slice(2).split('/').reduce(
      (at, key) => (at === undefined ? undefined : at[key.replaceAll('~1', '/').replaceAll('~0', '~')]), spec);
  }
  return current || {};
}

function typeName(raw) {
  const schema = resolve(raw);
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return choices.map(typeName).join(' or ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.type === 'array') return 'array of ' + typeName(schema.items || {});
  const name = Array.isArray(schema.type) ? schema.type.join(' or ') : schema.type || 'any';
  return schema.format ? name + ' (' + schema.format + ')' : name;
}

const LIMITS = ['default', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum',
  'minItems', 'maxItems', 'maxProperties'];

function limits(raw) {
  const schema = resolve(raw);
  return LIMITS.filter((key) => schema[key] !== undefined && Math.abs(schema[key]) !== Number.MAX_SAFE_INTEGER)
    .map((key) => key + ': ' + JSON.stringify(schema[key])).join(', ');
}

function fieldRows(raw, prefix, depth) {
  const schema = resolve(raw);
  const choices = schema.anyOf || schema.oneOf || schema.allOf;
  if (depth > DEPTH_MAX) return [];
  if (choices) return choices.flatMap((choice) => fieldRows(choice, prefix, depth + 1));
  if (schema.type === 'array') return fieldRows(schema.items || {}, prefix + '[]', depth + 1);
  const required = schema.required || [];
  const rows = Object.entries(schema.properties || {}).flatMap(([name, property]) => {
    const path = prefix === '' ? name : prefix + '.' + name;
    const row = tableRow(path, typeName(property), required.includes(name), describe(property));
    return [row, ...fieldRows(property, path, depth + 1)];
  });
  const others = schema.additionalProperties;
  return others && typeof others === 'object' ? rows.concat(fieldRows(others, prefix + '.*', depth + 1)) : rows;
}

function describe(raw) {
  return [resolve(raw).description, limits(raw)].filter(Boolean).join('. ');
}

function tableRow(name, type, required, note) {
  return el('tr', {}, el('td', {}, el('code', {}, name), required ? ' *' : ''), el('td', {}, type),
    el('td', { class: 'quiet' }, note));
}

function table(rows) {
  return el('table', {}, el('tbody', {}, ...rows));
}

function section(title, ...children) {
  return [el('h3', {}, title), ...children];
}

function example(raw, depth) {
  const schema = resolve(raw);
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const choices = schema.anyOf || schema.oneOf;
  if (choices) return example(choices[0], depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object') {
    const required = depth > DEPTH_MAX ? [] : schema.required || [];
    return Object.fromEntries(required.map((name) => [name, example((schema.properties || {})[name], depth + 1)]));
  }
  return { array: [], string: '', number: 1, integer: 1, boolean: false }[type] ?? null;
}

function jsonSchemaOf(content) {
  return content && content['application/json'] && content['application/json'].schema;
}

function responses(operation) {
  return Object.entries(operation.responses || {}).map(([status, raw]) => {
    const response = resolve(raw);
    const codes = response['x-error-codes'];
    const schema = jsonSchemaOf(response.content);
    const rows = schema && status < '300' ? fieldRows(schema, '', 0) : [];
    return el('div', {}, el('p', {}, el('strong', {}, status), ' ', response.description || '',
      codes ? el('span', { class: 'quiet' }, ' ' + codes.join(', ')) : null), rows.length ? table(rows) : null);
  });
}

function tryIt(method, path, operation, parameters) {
  const inputs = parameters.filter((parameter) => parameter.in !== 'header').map((parameter) => ({
    parameter, input: el('input', { 'aria-label': parameter.name, placeholder: parameter.name }) }));
  const schema = operation.requestBody && jsonSchemaOf(resolve(operation.requestBody).content);
  const body = schema ? el('textarea', { 'aria-label': 'body', spellcheck: 'false' }) : null;
  if (body) body.value = JSON.stringify(example(schema, 0), null, 2);
  const output = el('pre', { hidden: '' });
  const button = el('button', { on: { click: async () => {
    button.disabled = true;
    output.hidden = false;
    output.textContent = 'sending…';
    try {
      output.textContent = await send(method, path, inputs, body && body.value);
    } catch (error) {
      output.textContent = String(error);
    }
    button.disabled = false;
  } } }, 'Send');
  const rows = inputs.map(({ parameter, input }) => el('tr', {},
    el('td', {}, el('code', {}, parameter.name), parameter.required ? ' *' : ''), el('td', {}, input)));
  return section('Try it', rows.length ? table(rows) : null, body, el('p', {}, button), output);
}

async function send(method, path, inputs, body) {
  const query = new URLSearchParams();
  let target = path;
  for (const { parameter, input } of inputs) {
    if (parameter.in === 'path') target = target.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
    else if (input.value !== '') query.set(parameter.name, input.value);
  }
  const headers = {};
  const token = document.getElementById('token').value.trim();
  if (token) headers.authorization = 'Bearer ' + token;
  if (body) headers['content-type'] = 'application/json';
  const startedAt = performance.now();
  const answer = await fetch(target + (query.size ? '?' + query : ''),
    { method: method.toUpperCase(), headers, credentials: 'omit', ...(body ? { body } : {}) });
  const type = answer.headers.get('content-type') || '';
  const text = /json|text/.test(type) ? await answer.text() : '(' + type + ')';
  const shown = type.includes('json') ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return answer.status + ' in ' + Math.round(performance.now() - startedAt) + ' ms, request ' +
    (answer.headers.get('x-request-id') || '?') + '\n\n' + shown;
}

function details(method, path, operation) {
  const node = el('details', { id: operation.operationId, 'data-text':
    (method + ' ' + path + ' ' + operation.operationId + ' ' + (operation.summary || '')).toLowerCase() },
    el('summary', {}, el('span', { class: 'method ' + method.toUpperCase() }, method.toUpperCase()),
      el('span', { class: 'path' }, path), el('span', { class: 'quiet' }, operation.summary || '')));
  node.addEventListener('toggle', () => {
    if (!node.open || node.querySelector('.body')) return;
    const parameters = (operation.parameters || []).map(resolve);
    const body = operation.requestBody && jsonSchemaOf(resolve(operation.requestBody).content);
    node.append(el('div', { class: 'body' },
      el('p', { class: 'quiet' }, operation.operationId + ' · ' +
        (operation.security && operation.security.length ? 'needs a credential' : 'public')),
      operation.description ? el('p', {}, operation.description) : null,
      ...(parameters.length ? section('Parameters', table(parameters.map((parameter) => tableRow(
        parameter.name + ' (' + parameter.in + ')', typeName(parameter.schema || {}), parameter.required,
        parameter.description || describe(parameter.schema || {}))))) : []),
      ...(body ? section('Body', table(fieldRows(body, '', 0))) : []),
      ...section('Answers', ...responses(operation)),
      ...tryIt(method, path, operation, parameters)));
  });
  return node;
}

function show() {
  document.getElementById('title').textContent = spec.info.title + ' ' + spec.info.version;
  const byTag = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const tag = (item[method].tags || ['other'])[0];
      if (!byTag.has(tag)) byTag.set(tag, []);
      byTag.get(tag).push(details(method, path, item[method]));
    }
  }
  const nav = el('nav', {}, ...[...byTag.keys()].map((tag) => el('a', { href: '#tag-' + tag }, tag)));
  const parts = [...byTag].map(([tag, nodes]) =>
    el('section', {}, el('h2', { id: 'tag-' + tag }, tag), ...nodes));
  document.getElementById('operations').replaceChildren(nav, ...parts);
  const wanted = location.hash && document.getElementById(location.hash.slice(1));
  if (wanted) {
    wanted.open = true;
    wanted.scrollIntoView();
  }
}

document.getElementById('filter').addEventListener('input', (event) => {
  const text = event.target.value.trim().toLowerCase();
  for (const node of document.querySelectorAll('main details')) node.hidden = !node.dataset.text.includes(text);
});

fetch('/api/v1/openapi.json').then((answer) => answer.json()).then((document) => {
  spec = document;
  show();
}).catch((error) => {
  document.getElementById('operations').textContent = 'The description could not be read: ' + error;
});
`;
