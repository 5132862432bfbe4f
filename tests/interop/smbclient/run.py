"""smbclient and rpcclient of Samba over every dialect they speak, signed and encrypted, with all ciphers."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
import server
import trees
from harness import PATIENCE, Failed, Suite, require, require_equal, run, wait_until

DIALECTS = {"2.0.2": "SMB2_02", "2.1": "SMB2_10", "3.0": "SMB3_00", "3.0.2": "SMB3_02", "3.1.1": "SMB3_11"}
# What has to come of it when the client offers all it has: [MS-SMB2] 3.1.4.1, and our order of preference.
SIGNING = {"2.0.2": "HMAC-SHA256", "2.1": "HMAC-SHA256", "3.0": "AES-128-CMAC", "3.0.2": "AES-128-CMAC",
           "3.1.1": "AES-128-GMAC"}
CIPHER = {"2.0.2": None, "2.1": None, "3.0": "AES-128-CCM", "3.0.2": "AES-128-CCM", "3.1.1": "AES-128-GCM"}
ERROR = re.compile(r"(NT_STATUS_\w+|tree connect failed|session setup failed|Error opening|[Ff]ailed to .*)")
CLIENT_CONF = """[global]
  state directory = {0}
  lock directory = {0}
  private dir = {0}
  cache directory = {0}
  ncalrpc dir = {0}
  client ipc min protocol = {1}
  client ipc max protocol = {1}
  client min protocol = {1}
  client max protocol = {1}
"""


class Client:
    """One way to connect: a dialect and a protection, with cipher and signing algorithm where those can be chosen."""

    def __init__(self, dozo, folder, dialect, protection, *options, expect_signing=None, expect_cipher=None):
        self.dozo, self.dialect, self.protection, self.options = dozo, dialect, protection, options
        self.name = f"{dialect} {protection}" + "".join(" " + o.split("=")[1].strip() for o in options)
        self.expect_signing, self.expect_cipher = expect_signing, expect_cipher
        self.share = "sealed" if protection == "encrypted" else "files"
        self.inside = re.sub(r"\W", "_", self.name)  # its folder in the share
        self.on_disk = os.path.join(dozo.share_path("files"), self.inside)
        self.folder = os.path.join(folder, self.inside)
        os.makedirs(self.folder)
        os.makedirs(self.on_disk)
        self.conf = os.path.join(self.folder, "smb.conf")
        with open(self.conf, "w") as file:
            file.write(CLIENT_CONF.format(self.folder, DIALECTS[dialect]))

    def arguments(self):
        wanted = {"signed": "sign", "encrypted": "encrypt"}[self.protection]
        return [f"--configfile={self.conf}", f"--client-protection={wanted}", "-p", str(self.dozo.port),
                "-U", f"{server.USER}%{server.PASSWORD}", *(f"--option={o}" for o in self.options)]

    def command(self, share=None):
        return ["smbclient", f"//127.0.0.1/{share or self.share}", *self.arguments()]

    def do(self, *commands, cwd=None):
        """The commands in this client's folder; an error in any of them fails."""
        text = "; ".join([f'cd "{self.inside}"', *commands])
        done = run([*self.command(), "-c", text], cwd=cwd or self.folder)
        found = ERROR.search(done.stdout)
        require(done.returncode == 0 and not found, f"{commands[-1]}: exit {done.returncode}, {done.stdout[-300:]}")
        return done.stdout

    def refuses(self, command, status):
        done = run([*self.command(), "-c", f'cd "{self.inside}"; {command}'], cwd=self.folder)
        require(status in done.stdout, f"{command}: {done.stdout[-300:]}, expected {status}")

    def rpc(self, command, *expected):
        done = run(["rpcclient", *self.arguments(), "127.0.0.1", "-c", command], cwd=self.folder)
        require(done.returncode == 0 and "NT_STATUS" not in done.stdout,
                f"{command}: exit {done.returncode}, {done.stdout[-300:]}")
        for text in expected:
            require(re.search(text, done.stdout), f"{command}: no /{text}/ in {done.stdout[-500:]}")
        return done.stdout


# --- Cases ----------------------------------------------------------------------------------------------------------

def connects_as_wanted(c):
    """The server's own view of dialect, signing and cipher while smbclient holds a session."""
    shell = subprocess.Popen(c.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, cwd=c.folder)
    try:
        if not c.dozo.status()["counts"]:
            return  # the yardstick cannot tell
        mine = wait_until(lambda: c.dozo.status()["sessions"], "a session in dozo status")[0]
        require_equal(mine["user"], server.USER, "user")
        require_equal(mine["dialect"], c.dialect, "dialect")
        require_equal(mine["signing"], c.expect_signing or SIGNING[c.dialect], "signing")
        require_equal(mine["cipher"], c.expect_cipher or CIPHER[c.dialect], "cipher")
    finally:
        shell.communicate("quit\n", timeout=PATIENCE)


def put_get(c):
    """Single files at the boundaries of a credit, of the 2.0.2 limit and beyond the largest read."""
    for size in (0, 1, 65535, 65536, 65537, 1048577, 8 * 1048576, 17 * 1048576 + 3):
        local = os.path.join(c.folder, "big")
        with open(local, "wb") as file:
            file.write(os.urandom(size))
        c.do('put big "Größe 土.bin"', 'get "Größe 土.bin" back')
        for other in (os.path.join(c.on_disk, "Größe 土.bin"), os.path.join(c.folder, "back")):
            require(run(["cmp", local, other]).returncode == 0, f"{size} bytes differ in {other}")
    c.do('rm "Größe 土.bin"')
    require(not os.path.exists(os.path.join(c.on_disk, "Größe 土.bin")), "rm left the file")


def reget(c):
    """`reput` is not tried: smbclient 4.17 writes the rest of the file to its beginning."""
    with open(os.path.join(c.folder, "whole"), "wb") as file:
        file.write(os.urandom(300000))
    c.do("put whole")
    shutil.copy(os.path.join(c.folder, "whole"), os.path.join(c.folder, "part"))
    os.truncate(os.path.join(c.folder, "part"), 100001)
    c.do("reget whole part")
    require(run(["cmp", os.path.join(c.folder, "whole"), os.path.join(c.folder, "part")]).returncode == 0, "reget")
    c.do("del whole")


def mput(c, tree):
    # A plain `mput *` takes names that begin with a dot too.
    c.do("mkdir tree", "cd tree", "prompt", "recurse", f'lcd "{tree}"', "mput *")
    trees.require_same(tree, os.path.join(c.on_disk, "tree"), "mput")


def mget(c, tree):
    back = os.path.join(c.folder, "back-tree")
    os.makedirs(back)
    c.do("cd tree", "prompt", "recurse", f'lcd "{back}"', "mget *")
    trees.require_same(tree, back, "mget")
    shutil.rmtree(back)


def listing(c, tree):
    """`ls` of the whole tree names every file with its size."""
    text = c.do("cd tree", "recurse", "ls")
    for name, kind in trees.checksums(tree).items():
        base = os.path.basename(name)
        size = 0 if kind == "folder" else os.path.getsize(os.path.join(tree, name))
        pattern = rf"^  {re.escape(base)} +{'DH?' if kind == 'folder' else '[AHN]*'} +{size}  "
        require(re.search(pattern, text, re.M), f"{name} with {size} bytes is not listed")


def allinfo(c):
    with open(os.path.join(c.folder, "facts.txt"), "wb") as file:
        file.write(b"x" * 12345)
    c.do("put facts.txt")
    text = c.do("allinfo facts.txt")
    for pattern in (r"create_time: +\w+ \w+", r"access_time:", r"write_time:", r"change_time:",
                    r"attributes: A? ?\(20\)", r"stream: \[::\$DATA\], 12345 bytes"):
        require(re.search(pattern, text), f"allinfo has no /{pattern}/: {text}")
    c.do("setmode facts.txt +rh")
    text = c.do("allinfo facts.txt")
    require(re.search(r"attributes: \w+ \(23\)", text), f"setmode +rh: {text}")
    c.do("setmode facts.txt -rh", "del facts.txt")


def disk_usage(c, tree):
    # Without a mask smbclient counts the whole share.
    text = c.do("recurse", "du *")
    seen = re.search(r"Total number of bytes: (\d+)", text)
    require(seen, f"du: {text[-200:]}")
    require_equal(int(seen.group(1)), trees.total_size(c.on_disk), "du")


def tar(c, tree):
    """`tar c` of the share's tree unpacked here; `tar x` of it into the share again."""
    archive = os.path.join(c.folder, "copy.tar")
    c.do(f"tar c {archive} tree")
    out = os.path.join(c.folder, "untarred")
    os.makedirs(out)
    require_equal(run(["tar", "xf", archive, "-C", out]).returncode, 0, "unpacking what tar c wrote")
    # smbclient writes names from the root of the share.
    found = [os.path.join(folder, "tree") for folder, folders, _ in os.walk(out) if "tree" in folders]
    require(found, "the archive has no tree")
    trees.require_same(tree, found[0], "tar c")
    again = os.path.join(c.folder, "again.tar")
    require_equal(run(["tar", "cf", again, "-C", os.path.dirname(found[0]), "--transform", "s,^tree,tree-again,",
                       "tree"]).returncode, 0, "packing")
    c.do(f"tar x {again}")
    extracted = os.path.join(c.on_disk, "tree-again")
    if not os.path.isdir(extracted):  # extracted from the root of the share
        extracted = os.path.join(c.dozo.share_path("files"), "tree-again")
    trees.require_same(tree, extracted, "tar x")
    shutil.rmtree(extracted)
    shutil.rmtree(out)
    os.unlink(archive)
    os.unlink(again)


def names(c):
    """rename, mkdir, delete, deltree, and what they refuse."""
    with open(os.path.join(c.folder, "one"), "wb") as file:
        file.write(b"one")
    c.do("mkdir dir", 'mkdir "dir/Ünter"', "put one", 'rename one "dir/Ünter/zwei 二"')
    require(os.path.isfile(os.path.join(c.on_disk, "dir/Ünter/zwei 二")), "rename into a folder")
    c.refuses("mkdir dir", "NT_STATUS_OBJECT_NAME_COLLISION")
    c.refuses("rmdir dir", "NT_STATUS_DIRECTORY_NOT_EMPTY")
    c.refuses("get nothing", "NT_STATUS_OBJECT_NAME_NOT_FOUND")
    c.refuses("get nowhere/nothing", "NT_STATUS_OBJECT_PATH_NOT_FOUND")
    c.refuses("ls no-such-*", "NT_STATUS_NO_SUCH_FILE")
    c.do("put one", "put one two")
    c.refuses("rename one two", "NT_STATUS_OBJECT_NAME_COLLISION")
    c.do("rename one two -f")
    require(not os.path.exists(os.path.join(c.on_disk, "one")), "rename -f")
    c.do('rename dir "moved folder"', 'cd "MOVED FOLDER"', 'cd "ÜNTER"', "ls")  # case does not matter
    c.do("del two", 'deltree "moved folder"')
    left = {"one", "two", "dir", "moved folder"} & set(os.listdir(c.on_disk))
    require(not left, f"after del and deltree there is {left}")


def windows_cannot_hold(c):
    """A name of the local side that Windows has no way to write is shown, read and deleted under another."""
    folder = os.path.join(c.on_disk, "odd")
    os.makedirs(folder)
    odd = ["a:b", "what?", "star*", 'quo"te', "less<more>", "bar|", "back\\slash", "trailing dot.", "trailing space "]
    for name in odd:
        with open(os.path.join(folder, name), "w") as file:
            file.write(name)
    back = os.path.join(c.folder, "odd-back")
    os.makedirs(back)
    c.do("cd odd", "prompt", f'lcd "{back}"', "mget *")
    texts = sorted(open(os.path.join(back, name)).read() for name in os.listdir(back))
    require_equal(texts, sorted(odd), "contents of the files with odd names")
    c.do("deltree odd")
    require(not os.path.exists(folder), "deltree left odd names")
    shutil.rmtree(back)


def list_shares(c):
    done = run(["smbclient", "-L", "//127.0.0.1", *c.arguments()], cwd=c.folder)
    # A share that a 2.x client could not connect to, for want of encryption, is not offered to it.
    sealed = () if c.dialect[0] == "2" else (r"sealed +Disk",)
    for pattern in (r"files +Disk +all the files", r"IPC\$ +IPC", *sealed):
        require(re.search(pattern, done.stdout), f"-L has no /{pattern}/: {done.stdout[-400:]}")
    require_equal(done.returncode, 0, "-L's exit status")


def rpc_srvsvc(c):
    c.rpc("srvinfo", r"STOREHOUSE", r"platform_id\s*:\s*500")
    c.rpc("netshareenumall 1", r"netname: files", r"remark:\s+all the files", r"netname: IPC\$")
    c.rpc("netshareenum 1", r"netname: files")
    c.rpc("netsharegetinfo files 1", r"netname: files")
    # [MS-SRVS] 3.1.4.8: level 2 has paths, and is for administrators.
    done = run(["rpcclient", *c.arguments(), "127.0.0.1", "-c", "netshareenumall 2"], cwd=c.folder)
    require("WERR_ACCESS_DENIED" in done.stdout, f"netshareenumall 2: {done.stdout[-300:]}")
    c.rpc("netremotetod")  # prints nothing, but ends with 0


def rpc_lsarpc(c):
    c.rpc("lsaquery", r"Domain Name: WORKGROUP")
    c.rpc("getusername", r"Account Name: " + server.USER)
    text = c.rpc(f"lookupnames {server.USER}", server.USER + r" S-1-5-21-\d+-\d+-\d+-\d+ \(User: 1\)")
    c.rpc("lookupsids " + re.search(r"S-1-5-21-[-\d]+", text).group(0), r"STOREHOUSE\\" + server.USER)
    c.rpc("lookupsids S-1-1-0", r"Everyone")


def refuses_bad_password(c):
    arguments = [a.replace(server.PASSWORD, "wrong") for a in c.command()]
    done = run([*arguments, "-c", "ls"], cwd=c.folder)
    require("NT_STATUS_LOGON_FAILURE" in done.stdout and done.returncode == 1, done.stdout[-300:])


def read_only_share(c):
    done = run([*c.command("readonly"), "-c", "put smb.conf"], cwd=c.folder)
    require(re.search("NT_STATUS_(MEDIA_WRITE_PROTECTED|ACCESS_DENIED)", done.stdout), done.stdout[-300:])
    require_equal(os.listdir(c.dozo.share_path("readonly")), ["there"], "the read-only share")
    require_equal(run([*c.command("readonly"), "-c", "get there -"], cwd=c.folder).returncode, 0, "reading from it")


def unencrypted_is_refused(c):
    done = run([*c.command("sealed"), "-c", "ls"], cwd=c.folder)
    require("NT_STATUS_ACCESS_DENIED" in done.stdout, done.stdout[-300:])


# --- The suite ------------------------------------------------------------------------------------------------------

def run_client(suite, c, small, full):
    """`full`: the tree of 2,000 for this combination; the others copy a small one."""
    tree = full or small
    case = lambda name, function, *arguments: suite.case(f"{c.name}: {name}", function, c, *arguments)
    case("connects as wanted", connects_as_wanted)
    case("put and get", put_get)
    case("reget", reget)
    case("allinfo and setmode", allinfo)
    case("names", names)
    if case(f"mput of {2000 if full else 100} files", mput, tree):
        case("mget of them", mget, tree)
        case("ls of them", listing, tree)
        case("du", disk_usage, tree)
        if not c.options:
            case("tar", tar, tree)
        case("deltree of them", lambda c: (c.do("deltree tree"), require_equal(
            os.path.exists(os.path.join(c.on_disk, "tree")), False, "the tree is there after deltree")))
    case("names that Windows cannot hold", windows_cannot_hold)
    if c.options:
        return
    case("-L", list_shares)
    case("srvsvc", rpc_srvsvc)
    case("lsarpc", rpc_lsarpc)
    case("bad password", refuses_bad_password)
    case("read-only share", read_only_share)
    if c.protection == "signed" and c.dialect[0] == "2":
        case("unencrypted access to an encrypted share", unencrypted_is_refused)


def clients(dozo, folder):
    for dialect in DIALECTS:
        yield Client(dozo, folder, dialect, "signed")
        if dialect.startswith("3"):
            yield Client(dozo, folder, dialect, "encrypted")
    for cipher in ("AES-128-CCM", "AES-128-GCM", "AES-256-CCM", "AES-256-GCM"):
        yield Client(dozo, folder, "3.1.1", "encrypted", f"client smb3 encryption algorithms={cipher}",
                     expect_cipher=cipher)
    for algorithm in ("AES-128-GMAC", "AES-128-CMAC", "HMAC-SHA256"):
        yield Client(dozo, folder, "3.1.1", "signed", f"client smb3 signing algorithms={algorithm}",
                     expect_signing=algorithm)


def main():
    suite = Suite("smbclient")
    folder = tempfile.mkdtemp(prefix="dozo-smbclient-")
    shares = [server.Share("files", comment="all the files"), server.Share("sealed", of="files", encryption="required"),
              server.Share("readonly", read_only=True)]
    try:
        small = trees.make(os.path.join(folder, "small"), 100)
        full = trees.make(os.path.join(folder, "full"), 2000)
        with server.start(suite, "all", shares) as dozo:
            with open(os.path.join(dozo.share_path("readonly"), "there"), "w") as file:
                file.write("there")
            for c in clients(dozo, folder):
                run_client(suite, c, small, full if c.dialect == "3.1.1" and not c.options else None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
