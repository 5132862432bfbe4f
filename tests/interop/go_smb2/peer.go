// A client of go-smb2: one dialect, one share; prints `ok NAME` or `fail NAME: why` for each thing it tries.
//
//	peer ADDRESS USER PASSWORD SHARE FOLDER DIALECT SOURCE TARGET
//
// Copies the tree SOURCE into the share's FOLDER and from there to TARGET, which the caller compares.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/hirochachacha/go-smb2"
)

var failed bool

func report(name string, err error) {
	if err != nil {
		failed = true
		fmt.Printf("fail %s: %v\n", name, err)
		return
	}
	fmt.Printf("ok %s\n", name)
}

func remote(parts ...string) string { return strings.Join(parts, `\`) }

func copyIn(share *smb2.Share, local, there string) error {
	if err := share.Mkdir(there, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(local)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		from, to := filepath.Join(local, entry.Name()), remote(there, entry.Name())
		if entry.IsDir() {
			err = copyIn(share, from, to)
		} else {
			err = put(share, from, to)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", to, err)
		}
	}
	return nil
}

func put(share *smb2.Share, from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := share.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func copyOut(share *smb2.Share, there, local string) error {
	if err := os.MkdirAll(local, 0o755); err != nil {
		return err
	}
	entries, err := share.ReadDir(there)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		from, to := remote(there, entry.Name()), filepath.Join(local, entry.Name())
		if entry.IsDir() {
			err = copyOut(share, from, to)
		} else {
			err = get(share, from, to, entry.Size())
		}
		if err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
	}
	return nil
}

func get(share *smb2.Share, from, to string, size int64) error {
	in, err := share.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	n, err := io.Copy(out, in)
	if err == nil && n != size {
		return fmt.Errorf("%d bytes came, %d were listed", n, size)
	}
	return err
}

func expect(what string, seen, wanted interface{}) error {
	if seen != wanted {
		return fmt.Errorf("%s: %v, expected %v", what, seen, wanted)
	}
	return nil
}

func readdir(share *smb2.Share, folder string) error {
	path := remote(folder, "many")
	if err := share.Mkdir(path, 0o755); err != nil {
		return err
	}
	var wanted []string
	for i := 0; i < 700; i++ {
		name := fmt.Sprintf("entry with a name of some length %04d ü", i)
		wanted = append(wanted, name)
		if err := share.WriteFile(remote(path, name), []byte(name), 0o644); err != nil {
			return err
		}
	}
	dir, err := share.Open(path)
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	dir.Close()
	if err != nil {
		return err
	}
	sort.Strings(names)
	if err := expect("names", strings.Join(names, "|"), strings.Join(wanted, "|")); err != nil {
		return err
	}
	return share.RemoveAll(path)
}

func stat(share *smb2.Share, folder string) error {
	path := remote(folder, "stat")
	before := time.Now().Add(-time.Minute)
	if err := share.WriteFile(path, make([]byte, 70001), 0o644); err != nil {
		return err
	}
	info, err := share.Stat(path)
	if err != nil {
		return err
	}
	if err := expect("size", info.Size(), int64(70001)); err != nil {
		return err
	}
	if info.IsDir() || info.ModTime().Before(before) {
		return fmt.Errorf("directory %v, modified %v", info.IsDir(), info.ModTime())
	}
	then := time.Date(2001, 2, 3, 4, 5, 6, 700, time.UTC)
	if err := share.Chtimes(path, then, then); err != nil {
		return err
	}
	if info, err = share.Stat(path); err != nil {
		return err
	}
	if err := expect("time set", info.ModTime().UTC(), then); err != nil {
		return err
	}
	if err := share.Chmod(path, 0o444); err != nil {
		return err
	}
	if info, err = share.Stat(path); err != nil {
		return err
	}
	if err := expect("read-only", info.Mode().Perm()&0o200, os.FileMode(0)); err != nil {
		return err
	}
	if err := share.Chmod(path, 0o644); err != nil {
		return err
	}
	space, err := share.Statfs(folder)
	if err != nil {
		return err
	}
	if space.BlockSize() == 0 || space.TotalBlockCount() == 0 || space.AvailableBlockCount() > space.TotalBlockCount() {
		return fmt.Errorf("statfs: %d of %d", space.AvailableBlockCount(), space.TotalBlockCount())
	}
	return share.Remove(path)
}

func names(share *smb2.Share, folder string) error {
	one, two := remote(folder, "öne"), remote(folder, "zwei")
	if err := share.WriteFile(one, []byte("1"), 0o644); err != nil {
		return err
	}
	if err := share.Rename(one, two); err != nil {
		return err
	}
	if _, err := share.Stat(one); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("the old name after rename: %v", err)
	}
	if err := share.Mkdir(two, 0o755); !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("mkdir over a file: %v", err)
	}
	if _, err := share.OpenFile(two, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644); !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("O_EXCL over a file: %v", err)
	}
	if err := share.MkdirAll(remote(folder, "a", "b", "c"), 0o755); err != nil {
		return err
	}
	if err := share.Rename(two, remote(folder, "a", "b", "c", "drei")); err != nil {
		return err
	}
	if err := share.Remove(remote(folder, "a")); err == nil {
		return errors.New("a folder that is not empty was removed")
	}
	return share.RemoveAll(remote(folder, "a"))
}

func contents(share *smb2.Share, folder string) error {
	path := remote(folder, "contents")
	file, err := share.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 200000) // 3.2 MB: many credits
	if n, err := file.Write(data); err != nil || n != len(data) {
		return fmt.Errorf("write: %d %v", n, err)
	}
	if _, err := file.WriteAt([]byte("PATCH"), 1<<20-2); err != nil {
		return err
	}
	copy(data[1<<20-2:], "PATCH")
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Truncate(1<<20 + 100); err != nil {
		return err
	}
	seen, err := share.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Equal(seen, data[:1<<20+100]) {
		return errors.New("the content differs after truncate")
	}
	if err := share.Truncate(path, 1<<20+5000); err != nil {
		return err
	}
	part := make([]byte, 6000)
	n, err := file.ReadAt(part, 1<<20)
	if (err != nil && err != io.EOF) || n != 5000 || !bytes.Equal(part[100:5000], make([]byte, 4900)) {
		return fmt.Errorf("a longer file: %d bytes, %v", n, err)
	}
	again, err := share.Create(path + " copy") // io.Copy between two files of a share is a server-side copy
	if err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if n, err := io.Copy(again, file); err != nil || n != 1<<20+5000 {
		return fmt.Errorf("server-side copy: %d %v", n, err)
	}
	if seen, err = share.ReadFile(path + " copy"); err != nil || !bytes.Equal(seen[:1<<20+100], data[:1<<20+100]) {
		return fmt.Errorf("the server-side copy differs; %v", err)
	}
	// Both are open without FILE_SHARE_DELETE, so that they cannot be removed yet.
	if err := share.Remove(path + " copy"); err == nil {
		return errors.New("an open file was removed")
	}
	if err := again.Close(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := share.Remove(path + " copy"); err != nil {
		return err
	}
	return share.Remove(path)
}

func refusals(session *smb2.Session, address string, dialect uint16) error {
	if _, err := session.Mount("no-such-share"); err == nil {
		return errors.New("a share that is not there was mounted")
	}
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	wrong := &smb2.Dialer{
		Negotiator: smb2.Negotiator{SpecifiedDialect: dialect},
		Initiator:  &smb2.NTLMInitiator{User: os.Args[2], Password: "wrong"},
	}
	if other, err := wrong.Dial(connection); err == nil {
		other.Logoff()
		return errors.New("a wrong password was let in")
	}
	return nil
}

func shareNames(session *smb2.Session, wanted string) error {
	names, err := session.ListSharenames()
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == wanted {
			return nil
		}
	}
	return fmt.Errorf("%s is not among %v", wanted, names)
}

func main() {
	address, shareName, folder, source, target := os.Args[1], os.Args[4], os.Args[5], os.Args[7], os.Args[8]
	number, err := strconv.ParseUint(os.Args[6], 0, 16)
	if err != nil {
		panic(err)
	}
	connection, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	dialer := &smb2.Dialer{
		Negotiator: smb2.Negotiator{RequireMessageSigning: true, SpecifiedDialect: uint16(number)},
		Initiator:  &smb2.NTLMInitiator{User: os.Args[2], Password: os.Args[3]},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	session, err := dialer.DialContext(ctx, connection)
	report("logon", err)
	if err != nil {
		os.Exit(1)
	}
	session = session.WithContext(ctx)
	share, err := session.Mount(shareName)
	report("mount", err)
	if err != nil {
		os.Exit(1)
	}
	report("tree in", copyIn(share, source, folder))
	report("tree out", copyOut(share, folder, target))
	other := folder + " other"
	report("mkdir", share.Mkdir(other, 0o755))
	report("readdir", readdir(share, other))
	report("stat", stat(share, other))
	report("names", names(share, other))
	report("contents", contents(share, other))
	report("rmdir", share.Remove(other))
	report("share names", shareNames(session, shareName))
	report("refusals", refusals(session, address, uint16(number)))
	report("unmount", share.Umount())
	report("logoff", session.Logoff())
	if failed {
		os.Exit(1)
	}
}
