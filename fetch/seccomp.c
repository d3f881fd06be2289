/* seccomp.c - see seccomp.h.
 *
 * The filter is a classic BPF program made from three lists: a compare and a return per call, which
 * needs no jump further than over one instruction, so a list of any length works.
 * Source: seccomp(2), Documentation/userspace-api/seccomp_filter.rst
 */
#include "fetch/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "core/base/mem.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifndef SECCOMP_RET_KILL_PROCESS /* Linux 4.14 */
#define SECCOMP_RET_KILL_PROCESS SECCOMP_RET_KILL
#endif

#ifdef ARCHITECTURE

static const unsigned allowed[] = {
	/* reading the archive, writing the tree */
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_pwrite64,
	SYS_lseek,
	SYS_ftruncate,
	SYS_close,
	SYS_fstat,
	SYS_newfstatat,
	SYS_openat,
	SYS_mkdirat,
	SYS_symlinkat,
	SYS_linkat,
	SYS_utimensat,
	SYS_fcntl,
	SYS_dup,
	/* memory */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	/* threads */
	SYS_futex,
	SYS_set_robust_list,
	SYS_rt_sigprocmask,
	SYS_rt_sigaction,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_getpid,
	SYS_gettid,
	SYS_restart_syscall,
	/* time, chance, the end */
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_getrandom,
	SYS_exit,
	SYS_exit_group,
#ifdef SYS_statx
	SYS_statx,
#endif
#ifdef SYS_rseq
	SYS_rseq,
#endif
#ifdef SYS_time
	SYS_time,
#endif
#ifdef __SANITIZE_ADDRESS__ /* its leak check at the end of a test program */
	SYS_getrlimit,
	SYS_prlimit64,
	SYS_readlink,
	SYS_open,
	SYS_stat,
#endif
};

static const unsigned deadly[] = {
	SYS_execve,       SYS_socket,    SYS_socketpair,       SYS_connect,
	SYS_bind,         SYS_listen,    SYS_accept4,          SYS_sendto,
	SYS_sendmsg,      SYS_ptrace,    SYS_process_vm_readv, SYS_process_vm_writev,
	SYS_mount,        SYS_umount2,   SYS_pivot_root,       SYS_chroot,
	SYS_unshare,      SYS_setns,     SYS_setuid,           SYS_setgid,
	SYS_setresuid,    SYS_setresgid, SYS_keyctl,           SYS_add_key,
	SYS_init_module,  SYS_reboot,    SYS_kexec_load,       SYS_perf_event_open,
#ifdef SYS_execveat
	SYS_execveat,
#endif
#ifdef SYS_bpf
	SYS_bpf,
#endif
#ifdef SYS_userfaultfd
	SYS_userfaultfd,
#endif
#ifdef SYS_finit_module
	SYS_finit_module,
#endif
#ifdef SYS_fork
	SYS_fork,         SYS_vfork,
#endif
};

enum { MOST = 2 * (KH_COUNT(allowed) + KH_COUNT(deadly)) + 64 };

struct program {
	struct sock_filter steps[MOST];
	unsigned short count;
};

static void add(struct program *program, struct sock_filter step)
{
	program->steps[program->count++] = step;
}

static void load(struct program *program, size_t offset)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offset));
}

static void finish(struct program *program, unsigned verdict)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

static void add_calls(struct program *program, const unsigned *calls, size_t count,
		      unsigned verdict)
{
	for (size_t i = 0; i < count; i++) {
		add(program,
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1));
		finish(program, verdict);
	}
}

/* CALL is allowed when its argument AT has BITS set (or, for is_clear, has none of them). The
 * number of the call is loaded again for what follows. */
static void add_bits(struct program *program, unsigned call, unsigned at, unsigned bits,
		     int is_clear)
{
	size_t argument = offsetof(struct seccomp_data, args) + at * sizeof(__u64);
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4));
	load(program, argument); /* the lower half: both architectures are little-endian */
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits,
						  is_clear ? 1 : 0, is_clear ? 0 : 1));
	finish(program, SECCOMP_RET_ALLOW);
	finish(program, SECCOMP_RET_ERRNO | EPERM);
}

static void add_architecture(struct program *program)
{
	load(program, offsetof(struct seccomp_data, arch));
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	finish(program, SECCOMP_RET_KILL_PROCESS);
	load(program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__ /* x32 calls have their own numbers */
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
	finish(program, SECCOMP_RET_KILL_PROCESS);
#endif
}

int kh_seccomp_apply(void)
{
	struct program program = {.count = 0};
	add_architecture(&program);
	add_calls(&program, allowed, KH_COUNT(allowed), SECCOMP_RET_ALLOW);
	add_calls(&program, deadly, KH_COUNT(deadly), SECCOMP_RET_KILL_PROCESS);
	add_bits(&program, SYS_mmap, 2, PROT_EXEC, 1);
	add_bits(&program, SYS_mprotect, 2, PROT_EXEC, 1);
	add_bits(&program, SYS_clone, 0, CLONE_THREAD, 0);
#ifdef SYS_clone3 /* its flags are in memory, where a filter cannot look: the C library takes      \
		     clone */
	static const unsigned clone3[] = {SYS_clone3};
	add_calls(&program, clone3, 1, SECCOMP_RET_ERRNO | ENOSYS);
#endif
	finish(&program, SECCOMP_RET_ERRNO | EPERM);
	const struct sock_fprog filter = {program.count, program.steps};
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}

#else

int kh_seccomp_apply(void)
{
	errno = ENOSYS;
	return -1;
}

#endif
