"""impacket's example smbclient.py against a server on any port: it knows 139 and 445 only, so 445 becomes DOZO_PORT.

    shell.py TARGET -file COMMANDS
"""
import glob
import os
import runpy
import sys

import impacket.smbconnection

PORT = int(os.environ["DOZO_PORT"])
Original = impacket.smbconnection.SMBConnection


class SMBConnection(Original):
    def __init__(self, *arguments, sess_port=445, **keywords):
        super().__init__(*arguments, sess_port=PORT if sess_port == 445 else sess_port, **keywords)


impacket.smbconnection.SMBConnection = SMBConnection
found = glob.glob("/usr/share/doc/python3-impacket/examples/smbclient.py") or glob.glob("/usr/bin/impacket-smbclient")
if not found:
    sys.exit("no example smbclient.py in python3-impacket's documentation")
runpy.run_path(found[0], run_name="__main__")
