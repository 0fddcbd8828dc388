// Components of the page, shown in a document of their own, with a router and a store where they need them.
import type { ComponentChild } from 'preact'
import { LocationProvider } from 'preact-iso'
import { act } from 'preact/test-utils'
import { render } from 'preact'
import { Client, type Client as AnyClient } from '../src/client'
import { StoreContext } from '../src/context'
import { Store } from '../src/store'

export function storeOf(client: AnyClient = new Client(), scopes: string[] = ['admin']): Store {
  return new Store(client, { key_id: 'key_1', scopes }, () => undefined)
}

/** The element that a component is in. Shown again in the same `root` it is changed. */
export function show(what: ComponentChild, store: Store = storeOf(), root: HTMLElement = document.createElement('div')): HTMLElement {
  void act(() =>
    render(
      <StoreContext.Provider value={store}>
        <LocationProvider>{what}</LocationProvider>
      </StoreContext.Provider>,
      root,
    ),
  )
  return root
}
