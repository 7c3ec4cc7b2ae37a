/* SPDX-License-Identifier: Apache-2.0
 *
 * exec_plugin: runs a credential plugin of a kubeconfig, without a shell and without blocking the
 * loop. Its standard input is empty, its standard error is ours, its standard output is collected
 * (at most 1 MiB, in wiped memory). It gets two minutes. Loop thread only.
 */
#ifndef PAWL_KUBE_EXEC_PLUGIN_H
#define PAWL_KUBE_EXEC_PLUGIN_H

#include "kube/config.h"

struct exec_plugin;

/* NULL and an error (with the kubeconfig's installHint) if it cannot be started. Else `done` comes
 * once, later, with what it wrote, or with an error if it failed; the plugin is gone then. */
struct exec_plugin *exec_plugin_run(struct loop *l, const struct kube_config *config,
                                    void (*done)(void *arg, struct str output,
                                                 const struct err *err),
                                    void *arg, struct err **err) MUST_USE;
/* Kills it, without `done`. NULL is fine. */
void exec_plugin_stop(struct exec_plugin *p);

#endif
