/* SPDX-License-Identifier: Apache-2.0
 *
 * meta_info: the ConfigMap reloader-meta-info that Reloader writes once at its start: build,
 * options and deployment, each as a JSON string. Pure.
 */
#ifndef PAWL_RELOAD_META_INFO_H
#define PAWL_RELOAD_META_INFO_H

#include "base/buf.h"
#include "reload/options.h"

#define META_INFO_NAME "reloader-meta-info"

/* The whole ConfigMap as JSON, in the namespace options->meta_info_namespace. */
void meta_info_write(struct buf *out, const struct reload_options *o);

#endif
