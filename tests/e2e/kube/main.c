/* SPDX-License-Identifier: Apache-2.0
 *
 * kube_e2e [TEST]: the kube layer against the API server of $KUBECONFIG. Without a name (or a
 * pattern: "a_server_*") all tests run. ./run starts a cluster for it.
 */
#include "e2e.h"

int main(int argc, char **argv)
{
    e2e_init();
    int failed = 0;
    if (argc == 4 && strcmp(argv[1], "candidate") == 0) {
        failed = candidate_main(argv[2], argv[3]);
    } else {
        cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
        failed += _cmocka_run_group_tests("identity", identity_tests, n_identity_tests,
                                          identity_set_up, identity_tear_down);
        failed += _cmocka_run_group_tests("lease", lease_tests, n_lease_tests, NULL, NULL);
        failed += _cmocka_run_group_tests("follow", follow_tests, n_follow_tests, NULL, NULL);
    }
    e2e_done();
    return failed != 0;
}
