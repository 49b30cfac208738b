/* What a command gets to know. */
#include "parachute/order.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

static char *const argv[] = {"/bin/stop it", "", "-x", NULL};

static void check_words(char *const *words, const char *const *expected, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_string_equal(words[i], expected[i]);
    assert_null(words[count]);
}

static void all_is_said_and_copied(void **state)
{
    static const char *const expected[] = {
        "PARACHUTE_EVENT=activate",
        "PARACHUTE_DISKS=data var_lib",
        "PARACHUTE_NAMESPACE=site.node",
        "PARACHUTE_DISK=data",
        "PARACHUTE_MOUNT=/srv/my data=x",
        "PARACHUTE_USED=18446744073709551615",
        "PARACHUTE_FREE=0",
        "PARACHUTE_PERCENT=100",
        "PARACHUTE_THRESHOLD=85",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    };
    const struct trust_user user = {.uid = 7};
    const struct order_command command = {.argv = argv, .timeout_ms = 60000, .user = &user};
    char mount[] = "/srv/my data=x";
    char disks[] = "data var_lib";
    const struct order_disk disk = {
        .name = "data",
        .mount = mount,
        .used_bytes = UINT64_MAX,
        .used_percent = 100,
        .threshold_percent = 85,
    };

    (void)state;
    struct order *order = order_new(&command, PLAN_ACTIVATE, "site.node", disks, &disk);
    memset(mount, 'z', sizeof mount - 1);
    memset(disks, 'z', sizeof disks - 1);
    check_words(order->argv, (const char *const *)argv, 3);
    check_words(order->envp, expected, sizeof expected / sizeof expected[0]);
    assert_int_equal(order->timeout_ms, 60000);
    assert_ptr_equal(order->user, &user);
    free(order);
}

static void what_is_not_known_is_empty(void **state)
{
    static const char *const expected[] = {
        "PARACHUTE_EVENT=release", "PARACHUTE_DISKS=",
        "PARACHUTE_NAMESPACE=n",   "PARACHUTE_DISK=",
        "PARACHUTE_MOUNT=",        "PARACHUTE_USED=",
        "PARACHUTE_FREE=",         "PARACHUTE_PERCENT=",
        "PARACHUTE_THRESHOLD=",    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    };
    const struct order_command command = {.argv = argv};
    const struct order_disk nothing = {0};

    (void)state;
    struct order *order = order_new(&command, PLAN_RELEASE, "n", "", &nothing);
    check_words(order->envp, expected, sizeof expected / sizeof expected[0]);
    assert_null(order->user);
    free(order);
}

/* The kernel refuses a variable of 128 KiB, and the data would stay unprotected. */
static void too_many_disks_are_cut_between_two_names(void **state)
{
    enum { NAME = 207, COUNT = 1024 };
    const struct order_command command = {.argv = argv};
    const struct order_disk nothing = {0};
    char *disks = calloc(COUNT, NAME + 1);

    (void)state;
    assert_non_null(disks);
    memset(disks, 'd', (size_t)COUNT * (NAME + 1) - 1);
    for (size_t i = 1; i < COUNT; i++)
        disks[i * (NAME + 1) - 1] = ' ';
    struct order *order = order_new(&command, PLAN_ACTIVATE, "n", disks, &nothing);
    size_t len = strlen(order->envp[1]);
    assert_in_range(len, 90000, 131071);
    assert_int_equal((len - strlen("PARACHUTE_DISKS=") + 1) % (NAME + 1), 0);
    assert_string_equal(order->envp[2], "PARACHUTE_NAMESPACE=n");
    free(order);
    free(disks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_said_and_copied),
        cmocka_unit_test(what_is_not_known_is_empty),
        cmocka_unit_test(too_many_disks_are_cut_between_two_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
