import { Ajv2020 } from 'ajv/dist/2020.js';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

/** An answer to be held against the document. */
export interface AnswerToCheck {
  readonly status: number;
  readonly contentType: string;
  readonly body: unknown;
}

/** A method of a path, as the document has it. */
export interface DescribedOperation {
  readonly method: string;
  readonly template: string;
  readonly operation: any;
}

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

const documentId = 'urn:signalbox:openapi';

/** The server's own description of its API: every answer must be one it describes. */
export class OpenApiDocument {
  readonly #ajv: Ajv;
  readonly #paths: readonly { readonly template: string; readonly pattern: RegExp }[];
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(private readonly document: any) {
    // 3.0 is an older dialect of JSON Schema than 3.1.
    const options = { strict: false, allErrors: true };
    this.#ajv = document.openapi.startsWith('3.0') ? new Ajv(options) : new Ajv2020(options);
    addFormats.default(this.#ajv);
    this.#ajv.addSchema({ ...document, $id: documentId });
    this.#paths = Object.keys(document.paths)
      .map((template) => ({
        template,
        pattern: new RegExp(`^${template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
      }))
      // Literal segments before parameters.
      .sort((a, b) => a.template.split('{').length - b.template.split('{').length);
  }

  static async of(serverUrl: string): Promise<OpenApiDocument> {
    const response = await fetch(`${serverUrl}/docs-json`);
    if (!response.ok) throw new Error(`the server has no OpenAPI document: ${response.status}`);
    return new OpenApiDocument(await response.json());
  }

  /** Every operation of every path. */
  operations(): DescribedOperation[] {
    return Object.entries<any>(this.document.paths).flatMap(([template, item]) =>
      Object.entries<any>(item).map(([method, operation]) => ({ method: method.toUpperCase(), template, operation })),
    );
  }

  /** Throws unless the document describes this answer of this call. */
  check(method: string, pathAndQuery: string, { status, contentType, body }: AnswerToCheck): void {
    const call = `${method} ${pathAndQuery} → ${status}`;
    const [path = ''] = pathAndQuery.split('?');
    const template = this.#paths.find(({ pattern }) => pattern.test(path))?.template;
    if (template === undefined) throw new Error(`${call}: the OpenAPI document has no such path`);
    const operation = this.document.paths[template][method.toLowerCase()] as Operation | undefined;
    if (operation === undefined) throw new Error(`${call}: the OpenAPI document has no ${method} for ${template}`);
    const response = operation.responses[status];
    if (response === undefined) {
      throw new Error(`${call}: an answer the OpenAPI document does not mention: ${JSON.stringify(body)}`);
    }
    const [mediaType = ''] = contentType.split(';');
    if (response.content === undefined) {
      if (body !== '') throw new Error(`${call}: should have no body: ${JSON.stringify(body)}`);
      return;
    }
    if (response.content[mediaType] === undefined) throw new Error(`${call}: answered as "${contentType}"`);
    const pointer = [
      'paths',
      template,
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      mediaType,
      'schema',
    ];
    const validate = this.#validator(pointer.map(escaped).join('/'));
    if (validate(body) !== true) {
      throw new Error(`${call}: ${this.#ajv.errorsText(validate.errors)}\n${JSON.stringify(body, null, 1)}`);
    }
  }

  #validator(pointer: string): ValidateFunction {
    let validate = this.#validators.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `${documentId}#/${pointer}` });
      this.#validators.set(pointer, validate);
    }
    return validate;
  }
}

/** A segment of a JSON pointer in a URI fragment. */
function escaped(segment: string): string {
  return encodeURIComponent(segment.replaceAll('~', '~0').replaceAll('/', '~1'));
}
