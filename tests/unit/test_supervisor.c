/* What a command is given, and how its end is told. */
#include "tests/unit/act/talk.h"

#include <sched.h>

struct end_case {
    const char *body; /* of the script */
    int status;
    const char *output;
};

static void every_end_of_a_script_is_told(void **state)
{
    static const struct end_case cases[] = {
        {"exit 0", 0, ""},
        {"exit 1", 1, ""},
        {"exit 255", 255, ""},
        {"kill -9 $$", PLAN_STATUS_SIGNAL + 9, ""},
        {"kill -TERM $$", PLAN_STATUS_SIGNAL + 15, ""},
        {"echo out; echo err >&2; exit 3", 3, "out\nerr\n"},
        {"echo; printf 'no end'", 0, "\nno end\n"},
        {"printf '\\000\\377a\\n\\001'", 0, "?\377a\n\001\n"},
        {"cat", 0, ""},
        {"pwd; umask", 0, "/\n0022\n"},
        {"exit 127", 127, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_run(ORDER(0, script("run", cases[i].body)), cases[i].status, cases[i].output, "");
}

static void arguments_come_whole(void **state)
{
    (void)state;
    check_run(ORDER(0, script("run", "echo \"$#\"; echo \"$1|$2|$3\""), "a b", "", "$(x) *"), 0,
              "3\na b||$(x) *\n", "");
    check_run(ORDER(0, "/bin/echo", "a  b", ";c"), 0, "a  b ;c\n", "");
}

static void a_binary_and_a_link_to_it_run(void **state)
{
    (void)state;
    assert_int_equal(symlink("/bin/echo", path_of("link")), 0);
    check_run(ORDER(0, path_of("link"), "x"), 0, "x\n", "");
    assert_int_equal(symlink("run", path_of("other")), 0);
    script("run", "echo \"$0\"");
    const char *link = path_of("other");
    char said[200];
    snprintf(said, sizeof said, "%s\n", link);
    check_run(ORDER(0, link), 0, said, "");
}

static void the_environment_is_the_order_s_alone(void **state)
{
    (void)state;
    setenv("LEAKED", "yes", 1);
    check_run(ORDER(0, "/usr/bin/env"), 0,
              "PARACHUTE_EVENT=activate\nPARACHUTE_DISKS=data root\n"
              "PARACHUTE_NAMESPACE=site.node\nPARACHUTE_DISK=data\n"
              "PARACHUTE_MOUNT=/srv/my data\nPARACHUTE_USED=1800\nPARACHUTE_FREE=200\n"
              "PARACHUTE_PERCENT=90\nPARACHUTE_THRESHOLD=85\n"
              "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n",
              "");
}

static void no_descriptor_is_inherited(void **state)
{
    int opened[60];

    (void)state;
    for (size_t i = 0; i < 60; i++)
        opened[i] = open("/dev/zero", O_RDONLY); // NOLINT(android-cloexec-open)
    /* The fourth is the folder that ls reads. */
    check_run(ORDER(0, "/bin/ls", "/proc/self/fd"), 0, "0\n1\n2\n3\n", "");
    check_run(ORDER(0, "/bin/readlink", "/proc/self/fd/0"), 0, "/dev/null\n", "");
    check_run(ORDER(0, script("run", "ls -l /proc/$$/fd | grep -c '/dev/zero\\|socket'")), 1, "0\n",
              "");
    for (size_t i = 0; i < 60; i++)
        close(opened[i]);
}

static void signals_are_as_at_the_start_of_the_world(void **state)
{
    sigset_t all;
    sigset_t before;

    (void)state;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    /* All of them but 32 and 33, which are glibc's own: it lets nobody set them, and whoever
     * started the test may have them ignored. */
    check_run(ORDER(0, "/bin/sed", "-En", "s/^(Sig(Blk|Ign)):\t0{7}[01][08]0{7}$/\\1/p",
                    "/proc/self/status"),
              0, "SigBlk\nSigIgn\n", "");
    signal(SIGUSR1, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static void it_leads_a_session_and_a_group_of_its_own(void **state)
{
    struct talk *talk = begin_and_go(ORDER(0, "/usr/bin/cut", "-d ", "-f5,6", "/proc/self/stat"));
    char expected[64];

    (void)state;
    check_end(talk, 0, "");
    snprintf(expected, sizeof expected, "%d %d\n", talk->command.pid, talk->command.pid);
    assert_string_equal(talk->text, expected);
    wait_for_supervisor(talk);
}

struct refused_case {
    const char *name;
    const char *text;
    mode_t mode;
    const char *why;
};

static void what_cannot_be_run_says_why(void **state)
{
    static const struct refused_case cases[] = {
        {"not-executable", "#!/bin/sh\n", 0644, "not-executable cannot be executed by"},
        {"writable", "#!/bin/sh\n", 0757, "writable is writable by others: chmod go-w"},
        {"no-program", "echo\n", 0755, "begin with #!"},
        {"no-interpreter", "#!/no/such\n", 0755, "interpreter that it names is not there"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(cases[i].name, cases[i].text, cases[i].mode);
        check_run(ORDER(0, path_of(cases[i].name)), PLAN_STATUS_REFUSED, "", cases[i].why);
    }
    check_run(ORDER(0, path_of("none")), PLAN_STATUS_REFUSED, "", "none is not there");
    check_run(ORDER(0, directory), PLAN_STATUS_REFUSED, "", "is a directory");
    check_run(ORDER(0, "run"), PLAN_STATUS_REFUSED, "", "not an absolute path");
}

/* In a call that waits. */
static bool sleeps(pid_t pid)
{
    char path[40];
    char text[200] = "";

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    const char *name_end = strrchr(text, ')');
    assert_non_null(name_end);
    return name_end[2] == 'S';
}

static void it_waits_at_the_gate(void **state)
{
    struct talk *talk = begin_order(ORDER(0, "/bin/sleep", "1000"));
    char path[40];
    struct stat ours;
    struct stat its;

    (void)state;
    while (!sleeps(talk->command.pid)) /* as it does in the end, here or there */
        sched_yield();
    snprintf(path, sizeof path, "/proc/%d/exe", talk->command.pid);
    assert_int_equal(stat("/proc/self/exe", &ours), 0);
    assert_int_equal(stat(path, &its), 0);
    assert_int_equal(its.st_ino, ours.st_ino);
    hang_up(talk);
    wait_for_supervisor(talk);
}

static void the_file_is_checked_again_behind_the_gate(void **state)
{
    (void)state;
    struct talk *talk = begin_order(ORDER(0, script("run", "echo ran")));
    assert_int_equal(chmod(path_of("run"), 0777), 0);
    helper_wake(&talk->helper);
    check_end(talk, PLAN_STATUS_REFUSED, "run is writable by others");
    assert_string_equal(talk->text, "");
    wait_for_supervisor(talk);

    talk = begin_order(ORDER(0, script("run", "echo ran")));
    script("next", "echo next ran");
    assert_int_equal(rename(path_of("next"), path_of("run")), 0);
    helper_wake(&talk->helper);
    check_end(talk, 0, "");
    assert_string_equal(talk->text, "next ran\n");
    wait_for_supervisor(talk);
}

static void it_becomes_its_user(void **state)
{
    static const gid_t groups[] = {65533, 65534};
    const struct trust_user nobody = {
        .uid = 65534, .gid = 65533, .groups = groups, .group_count = 2};
    const char *report = "grep -E '^(Uid|Gid|Groups|CapEff)' /proc/self/status";

    (void)state;
    if (geteuid() != 0)
        skip();
    const char *argv[] = {script("run", report), NULL};
    check_run(order_as(&nobody, 0, argv), 0,
              "Uid:\t65534\t65534\t65534\t65534\nGid:\t65533\t65533\t65533\t65533\n"
              "Groups:\t65533 65534 \nCapEff:\t0000000000000000\n",
              "");
    const char *binary[] = {"/usr/bin/id", "-u", NULL};
    check_run(order_as(&nobody, 0, binary), 0, "65534\n", "");

    assert_int_equal(chmod(path_of("run"), 0700), 0);
    argv[0] = path_of("run");
    check_run(order_as(&nobody, 0, argv), PLAN_STATUS_REFUSED, "", "by the command's user");

    /* Its own file is none that we trust. */
    assert_int_equal(chmod(path_of("run"), 0755), 0);
    assert_int_equal(chown(path_of("run"), 65534, 65533), 0);
    check_run(order_as(&nobody, 0, argv), PLAN_STATUS_REFUSED, "", "belongs to user 65534");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_end_of_a_script_is_told),
        TEST(arguments_come_whole),
        TEST(a_binary_and_a_link_to_it_run),
        TEST(the_environment_is_the_order_s_alone),
        TEST(no_descriptor_is_inherited),
        TEST(signals_are_as_at_the_start_of_the_world),
        TEST(it_leads_a_session_and_a_group_of_its_own),
        TEST(what_cannot_be_run_says_why),
        TEST(it_waits_at_the_gate),
        TEST(the_file_is_checked_again_behind_the_gate),
        TEST(it_becomes_its_user),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
