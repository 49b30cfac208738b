/* Several keepers of one file: one holds it, the others wait, for a while. */
#include "tests/unit/keepers.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static struct kept kept;

static void put_text(void)
{
    put("parachute", "shopping list", 13);
}

/* Waits until the process is in this call. False: that cannot be seen here. */
static bool wait_for_call(pid_t pid, long call)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
    for (unsigned tries = 0; tries < 20000; tries++) {
        char line[32] = "";
        FILE *file = fopen(path, "re");

        if (!file)
            return false;
        if (!fgets(line, sizeof line, file))
            line[0] = '\0';
        fclose(file);
        if (strtol(line, NULL, 10) == call && line[0] != 'r')
            return true;
        nanosleep(&moment, NULL);
    }
    return false;
}

/* Another keeper, which waits for this one; it exits with the turn that it found. */
static pid_t start_waiting(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        static struct kept other;
        size_t len = 0;

        kept_close(&kept); /* else it has the lock too */
        other.keeper.dir = directory;
        if (keeper_open(&other.keeper, other.answer, &len) != 0)
            _exit(100);
        _exit((int)other.keeper.file.turn);
    }
    assert_true(pid > 0);
    return pid;
}

static int finish(pid_t pid)
{
    int status = 0;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* One that holds it for long does not keep what is there from being read. */
static void the_lock_is_not_waited_for_forever(void **state)
{
    static struct kept other;

    (void)state;
    assert_int_equal(kept_open(&kept), 0);
    assert_int_equal(kept_store(&kept, 1), 0);
    assert_int_equal(kept_open(&other), EBUSY);
    assert_int_equal(kept_decode(&other), 0);
    records_check_seed(&other.record, 1);
    kept_close(&kept);
    assert_int_equal(kept_open(&other), 0);
    kept_close(&other);
}

/* For its end; then what the one before has written last is there; or, where that has lost the
 * file, the one that stands there. */
static void the_lock_is_waited_for(void **state)
{
    char away[160];

    (void)state;
    for (unsigned moved = 0; moved <= 1; moved++) {
        assert_int_equal(kept_open(&kept), 0);
        assert_int_equal(kept_store(&kept, 1), 0);
        pid_t pid = start_waiting();
        bool seen = wait_for_call(pid, SYS_poll);
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
        assert_int_equal(kept_store(&kept, 2), 0);
        snprintf(away, sizeof away, "%s", path_of("other"));
        if (moved)
            assert_int_equal(rename(path_of("parachute"), away), 0);
        kept_close(&kept);
        assert_int_equal(finish(pid), moved ? 0 : 2);
        assert_int_equal(kind_of("parachute"), S_IFREG);
        take_away("parachute");
        if (!seen)
            skip();
    }
}

/* Two that begin at once do not get in each other's way. */
static void several_begin_at_once(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 20; n++) {
        pid_t pids[4];

        if (n % 2 == 1)
            put_text();
        for (unsigned i = 0; i < 4; i++)
            pids[i] = start_waiting();
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(finish(pids[i]), 0);
        assert_int_equal(kept_open(&kept), 0);
        assert_false(kept.heard.made);
        kept_close(&kept);
        take_away("parachute");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_lock_is_waited_for),
        TEST(the_lock_is_not_waited_for_forever),
        TEST(several_begin_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
