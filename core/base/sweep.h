/* sweep.h - remove a directory with everything in it, also one that others filled.
 *
 * Step by step over descriptors, following no link, so that the owner of what is removed cannot
 * lead it elsewhere; for directories outside of any kh_root.
 */
#ifndef KH_BASE_SWEEP_H
#define KH_BASE_SWEEP_H

/* NAME (one component) in the directory dir_fd; a file or a link there is removed itself. Absent is
 * fine. Returns 0, or -1 with errno; then a part may be left. */
int kh_sweep_tree(int dir_fd, const char *name);

#endif
