/* SPDX-License-Identifier: Apache-2.0
 *
 * namespace_rules: which namespaces may use a ClusterSecretStore. The conditions of the store are
 * ORed, and so are the parts of one condition; a store without conditions serves everybody, a
 * condition without parts nobody. Regular expressions match anywhere in the name. Pure.
 */
#ifndef PAWL_SYNC_NAMESPACE_RULES_H
#define PAWL_SYNC_NAMESPACE_RULES_H

#include "sync/store_spec.h"

/* Some condition looks at the labels of the namespace. */
bool namespace_rules_need_labels(const struct store_spec *spec);
/* labels may be NULL where they are not needed. ERR_INVALID names an expression that does not
 * compile. */
int namespace_rules_allow(const struct store_spec *spec, struct str ns, const struct kvs *labels,
                          bool *allowed, struct err **err) MUST_USE;
/* Whether all expressions compile. */
int namespace_rules_check(const struct store_spec *spec, struct err **err) MUST_USE;

#endif
