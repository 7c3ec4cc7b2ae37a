/* SPDX-License-Identifier: Apache-2.0
 *
 * reference: prints the bodies of pages in docs/reference/ from the tables of the source, in
 * Markdown. Not part of the program; tools/generate-docs runs it.
 */
#ifndef PAWL_TOOLS_REFERENCE_H
#define PAWL_TOOLS_REFERENCE_H

#include "base/buf.h"

void metrics_page(struct buf *out);
void annotations_page(struct buf *out);
void environment_page(struct buf *out);

#endif
