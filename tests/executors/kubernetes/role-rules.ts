import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from './kube-objects.ts'

export interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
}

const DEPLOY = new URL('../../../deploy/kubernetes/', import.meta.url)

/** All documents of a file of deploy/kubernetes. */
export const deployed = (file: string): KubeObject[] =>
  parseAllDocuments(readFileSync(new URL(file, DEPLOY), 'utf8')).map((document) => document.toJS() as KubeObject)

/** Rules of the Role that users are told to make. */
export const deployedRules = (): Rule[] =>
  deployed('role.yaml').flatMap((object) => (object.kind === 'Role' ? (object as unknown as { rules: Rule[] }).rules : []))

export const isAllowed = (rules: readonly Rule[], verb: string, resource: string) =>
  rules.some(({ verbs, resources }) => verbs.includes(verb) && resources.includes(resource))
