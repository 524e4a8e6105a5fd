"""``python -m efficientzero.compiled``: compiles ``pyx/`` if need be, and says where the modules are."""

import efficientzero.compiled

if __name__ == "__main__":
    print(efficientzero.compiled.__path__[0])
