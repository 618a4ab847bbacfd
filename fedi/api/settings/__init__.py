"""The settings of an account, as pages: `/settings`.

They are for what an application should not do or does not know: who has access, the password and the second
factor. They work without JavaScript and on a telephone. A page more is a module with its endpoints, a
template that extends `settings/frame.html`, a line in `menu.PAGES`, and routes in
`fedi.api.routes.settings`.
"""
