import { Injectable } from '@nestjs/common';
import { isGraphId, psid, type Psid } from '../domain/ids.js';
import { LabelStore, type Label } from '../store/label.store.js';
import { GraphEndpoints, type GraphRoute, type ObjectCall, type PageCall, type PersonCall } from './graph-call.js';
import { GraphError } from './graph-error.js';
import { selectFields } from './node-fields.js';
import { listAnswer, readPaging } from './paging.js';
import { readText, type Fields } from './parameter-values.js';
import { PersonThreads } from './person-threads.js';

const nameLengthMax = 300;

/** Words that a page's apps put on people, to find them again. All apps of a page share them. */
@Injectable()
export class LabelsEndpoints extends GraphEndpoints {
  readonly routes: readonly GraphRoute[] = [
    { node: 'page', verb: 'GET', edge: 'custom_labels', answer: (call) => this.list(call, null) },
    { node: 'page', verb: 'POST', edge: 'custom_labels', answer: (call) => this.create(call) },
    { node: 'person', verb: 'GET', edge: 'custom_labels', answer: (call) => this.listOfPerson(call) },
    { node: 'label', verb: 'GET', edge: null, answer: (call) => this.get(call) },
    { node: 'label', verb: 'DELETE', edge: null, answer: (call) => this.delete(call) },
    { node: 'label', verb: 'POST', edge: 'label', answer: (call) => this.put(call) },
    { node: 'label', verb: 'DELETE', edge: 'label', answer: (call) => this.remove(call) },
  ];

  constructor(
    private readonly labels: LabelStore,
    private readonly threads: PersonThreads,
  ) {
    super();
  }

  /** The name is `page_label_name`, and `name` before v17. */
  private async create({ caller: { page }, parameters }: PageCall): Promise<object> {
    const name =
      readText(parameters, 'page_label_name', 'page_label_name', nameLengthMax) ??
      readText(parameters, 'name', 'name', nameLengthMax);
    if (name === null) throw new GraphError('parameter_required', 'page_label_name');
    const id = await this.labels.create(page.pageId, name);
    if (id === null) throw new GraphError('invalid_parameter', `The page already has a label ${name}`);
    return { id };
  }

  private async list(
    { caller, parameters }: Pick<PageCall, 'caller' | 'parameters'>,
    of: Psid | null,
  ): Promise<object> {
    const { after, limit } = readPaging(parameters);
    const labels = await this.labels.list(caller.page.pageId, of, after, limit);
    return listAnswer(
      labels,
      ({ labelId }) => labelId,
      (label) => labelView(label, parameters),
    );
  }

  private async listOfPerson(call: PersonCall): Promise<object> {
    const person = psid(call.personId);
    await this.threads.get({ caller: call.caller, onlyChannel: null }, person);
    return this.list(call, person);
  }

  private async get({ caller: { page }, objectId, parameters }: ObjectCall): Promise<object> {
    const label = await this.labels.find(page.pageId, objectId);
    if (label === null) throw new GraphError('unsupported_request', 'GET', objectId);
    return labelView(label, parameters);
  }

  private async delete({ caller: { page }, objectId }: ObjectCall): Promise<object> {
    if (!(await this.labels.delete(page.pageId, objectId))) {
      throw new GraphError('unsupported_request', 'DELETE', objectId);
    }
    return { success: true };
  }

  private async put(call: ObjectCall): Promise<object> {
    await this.labels.put(call.caller.page.pageId, call.objectId, await this.personOf(call));
    return { success: true };
  }

  private async remove(call: ObjectCall): Promise<object> {
    await this.labels.remove(call.caller.page.pageId, call.objectId, await this.personOf(call));
    return { success: true };
  }

  private async personOf({ caller, parameters }: ObjectCall): Promise<Psid> {
    const digits = readText(parameters, 'user', 'user', 100);
    if (digits === null) throw new GraphError('parameter_required', 'user');
    if (!isGraphId(digits)) {
      throw new GraphError('invalid_parameter', 'Param user must be a valid ID string (e.g., "123")');
    }
    return (await this.threads.get({ caller, onlyChannel: null }, psid(digits))).psid;
  }
}

function labelView({ labelId, name }: Label, parameters: Fields): object {
  const label = { name, page_label_name: name, id: labelId };
  return selectFields(parameters, label, ['name', 'page_label_name'], 'PageLabel');
}
